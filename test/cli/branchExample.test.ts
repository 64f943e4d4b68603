/** The example of a branch, with all that its head tells to try: numbers of both runs, side by side and traced. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Comparison } from "../../src/core/compareRuns.ts";
import type { Lineage, LineageNode } from "../../src/core/lineage.ts";
import { Workplace } from "./pipelineCommand.ts";

const example = new URL("../../pipelines/examples/03-branch.yaml", import.meta.url);

interface Told {
  readonly event: string;
  readonly run: string;
  readonly step: string;
}

let place: Workplace;
let original: ReadonlyArray<Told>;
let branched: ReadonlyArray<Told>;

async function runEvents(file: string): Promise<ReadonlyArray<Told>> {
  const { stdout } = await place.run(["run", file, "--json"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Told);
}

const idOf = (events: ReadonlyArray<Told>): string => events[0]!.run;
const stepsOf = (events: ReadonlyArray<Told>, event: string) =>
  events.filter((each) => each.event === event).map(({ step }) => step);

beforeAll(async () => {
  place = new Workplace();
  place.file("03-branch.yaml", readFileSync(example));
  original = await runEvents("03-branch.yaml");
  const change = ["--set", "learn.learningRate=1e-4"];
  await place.run(["branch", "03-branch.yaml", "--from", "rounds[1]", ...change, "--to", "slower.yaml"]);
  branched = await runEvents("slower.yaml");
}, 120_000);
afterAll(() => place.remove());

describe("the example of a branch", () => {
  it("runs only what comes after the round it goes on from", () => {
    expect(stepsOf(original, "step.finished")).toHaveLength(14);
    expect(stepsOf(branched, "step.finished")).toEqual([
      "rounds2[1].learn",
      "rounds2[1].score",
      "rounds2[2].learn",
      "rounds2[2].score",
    ]);
    expect(stepsOf(branched, "step.hit")).toEqual(expect.arrayContaining(["rounds[1].learn", "rounds[1].score"]));
  });

  it("is compared with its original: the one setting that differs, numbers, times", async () => {
    const { stdout, code } = await place.run(["compare", idOf(original), "last"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^config +#1 +#2\nrounds2\.learn\.learningRate +0\.001 +0\.0001\n\n/m);
    expect(stdout).toMatch(/^rounds2\[2\]\.score\.average +— +\d+\.\d\d$/m);
    expect(stdout).toMatch(/^rounds\[1\]\.learn +\S+ \S+ +hit$/m);
    expect(stdout).not.toMatch(/^start\.average/m);
    const json = await place.run(["compare", idOf(original), idOf(branched), "--json"]);
    const { config, metrics, durationMs } = JSON.parse(json.stdout) as Comparison;
    expect(config).toContainEqual({ path: "rounds2.learn.learningRate", values: [null, 1e-4] });
    expect(config).toContainEqual({ path: "rounds.learn.learningRate", values: [1e-3, 1e-3] });
    const start = metrics.find(({ step, name }) => step === "start" && name === "average")!.values;
    expect(start[0]).toBe(start[1]);
    expect(durationMs).toContainEqual({ step: "start", values: [expect.any(Number), null] });
  });

  it("has numbers that are traced to text, settings and rows of gold", async () => {
    const { stdout, code } = await place.run(["trace", "last", "rounds2[last].score.average"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^rounds2\[2\]\.score\.average = \d+\.\d+, on 200 rows of gold \(1 to 200\) \(run /);
    expect(stdout).toMatch(
      /^ {2}corpus {2}generate-corpus@1 {2}[0-9a-f]{10}\n {4}pairs: 0, scale: 1, sentences: 1500/m,
    );
    expect(stdout).toMatch(/^ {4}encoder ← rounds2\[2\]\.learn\.encoder [0-9a-f]{10} \(BiEncoder, \S+ [kM]B\)$/m);
    const json = await place.run(["trace", "last", "rounds2[2].score.average", "--json"]);
    const { nodes, edges } = JSON.parse(json.stdout) as Lineage;
    const ids = new Set(nodes.map(({ id }) => id));
    expect(edges.every(({ from, to }) => ids.has(from) && ids.has(to))).toBe(true);
    const steps = nodes.filter((node) => node.kind === "step").map(({ id }) => id);
    expect(steps).toEqual(
      expect.arrayContaining(["corpus", "rounds[1].learn", "rounds2[1].learn", "rounds2[2].learn"]),
    );
    expect(steps).not.toContain("rounds2[1].score");
  });

  it("traces a digest, by its beginning, forward to the numbers that came of it", async () => {
    const json = await place.run(["trace", "last", "rounds[1].learn.encoder", "--json"]);
    const { nodes } = JSON.parse(json.stdout) as Lineage;
    const encoder = nodes.find((node) => node.kind === "artifact" && node.outputs.includes("rounds[1].learn.encoder"))!;
    const { stdout } = await place.run(["trace", "last", encoder.id.slice(0, 12)]);
    expect(stdout).toContain(`${encoder.id.slice(0, 10)}: BiEncoder`);
    expect(stdout).toMatch(/^of it were made:\n {2}rounds\[1\]\.score/m);
    expect(stdout).toMatch(/^ {2}rounds2\[2\]\.score\.average = /m);
    const metrics = nodes.filter((node): node is LineageNode & { kind: "metric" } => node.kind === "metric");
    expect(new Set(metrics.map(({ step }) => step))).toEqual(
      new Set(["rounds[1].score", "rounds2[1].score", "rounds2[2].score"]),
    );
    expect(metrics.map(({ id }) => id)).not.toContain("start.average");
  });

  it("says what a run does not have", async () => {
    const run = idOf(branched);
    const mistakes = await Promise.all([
      place.run(["trace", "last", "rounds2[1].score.avrage"]),
      place.run(["trace", "last", "cafebabe"]),
      place.run(["trace", "20990101-000000-0000", "start"]),
      place.run(["compare", "last"]),
    ]);
    expect(mistakes.map(({ code, stderr }) => [code, stderr])).toEqual([
      [
        2,
        `error: run ${run} has no metric, step or digest \`rounds2[1].score.avrage\`\n  hint: did you mean \`rounds2[1].score.average\`?\n`,
      ],
      [
        2,
        `error: run ${run} made and read nothing whose digest begins with \`cafebabe\`\n  hint: \`pipeline show FILE STEP\` prints digests; another run may have it\n`,
      ],
      [
        2,
        `20990101-000000-0000: error: there is no run \`20990101-000000-0000\`\n  hint: runs: ${run}, ${idOf(original)}, last\n\n1 error\n`,
      ],
      [2, "error: `compare` needs RUN\n  hint: usage: pipeline compare RUN RUN… [--all] [--cache DIR] [--json]\n"],
    ]);
  });

  it("tells beforehand how long a step will take, from those before it", async () => {
    const { stdout } = await place.run(["plan", "slower.yaml", "--force", "start", "--json"]);
    const { steps } = JSON.parse(stdout) as {
      readonly steps: ReadonlyArray<{ readonly step: string; readonly estimateMs: number }>;
    };
    expect(steps.find(({ step }) => step === "start")!.estimateMs).toBeGreaterThan(0);
  });
});
