/** pipelines/compare-methods.yaml, at a size that says nothing of the methods: what is equal for all of them, and what it shows. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession } from "../../src/cli/session.ts";
import { type Graph, linksOf } from "../../src/core/Graph.ts";
import { Workplace } from "./pipelineCommand.ts";

const folder = fileURLToPath(new URL("../../pipelines", import.meta.url));
const file = "compare-methods.yaml";
const methods = ["whiten", "simcse", "mirror", "tension", "tensionInBatch", "diffcse", "simbert"];
const graphOf = async (name: string): Promise<Graph> =>
  (await openSession({ operands: [join(folder, name)], switches: new Set(), values: new Map() })).graph;
const sourceOf = (graph: Graph, step: string, port: string): string => {
  const found = linksOf(graph.steps.find(({ id }) => id === step)!).find((each) => each.port === port)!;
  return graph.steps[found.link.step]!.id;
};

describe.each([file, "compare-methods-real.yaml"])("%s", (name) => {
  it("starts every method of every seed from one backbone and gives it that seed's sentences", async () => {
    const graph = await graphOf(name);
    for (const method of methods)
      for (const seed of [1, 2, 3]) {
        const step = `${method}[seed=${seed}]`;
        expect(sourceOf(graph, step, method === "whiten" ? "encoder" : "model")).toBe("backbone");
        if (method === "simbert") expect(sourceOf(graph, step, "groups")).toBe("groups");
        else
          expect(sourceOf(graph, step, "sentences")).toBe(
            method === "mirror" ? `sentences[seed=${seed}]` : `tokens[seed=${seed}]`,
          );
      }
  });

  it("links no gold to anything but evaluations", async () => {
    const graph = await graphOf(name);
    const readers = graph.steps.filter((step) =>
      linksOf(step).some(({ link }) => graph.steps[link.step]!.outputTypes[link.port]!.name === "Gold"),
    );
    expect(new Set(readers.map(({ stage }) => stage.name))).toEqual(new Set(["evaluate-sts"]));
  });
});

describe("a run", () => {
  let place: Workplace;
  const small = [
    "corpus=400",
    "pairs=300",
    "tests=60",
    "sentences=200",
    "seeds=1,2",
    "simbertUpdates=1",
    "likeness=0.5",
  ];
  const sets = small.flatMap((set) => ["--set", set]);
  beforeAll(() => {
    place = new Workplace();
    copyFileSync(join(folder, file), join(place.folder, file));
  });
  afterAll(() => place.remove());

  it("ends in one table of means with their spread, and one figure", { timeout: 300_000 }, async () => {
    const ran = await place.run(["run", file, ...sets]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^simcseMean +-?\d+\.\d\d ± \d+\.\d\d /m);

    const shown = await place.run(["show", file, "compare", "--format", "json", ...sets]);
    const rows = JSON.parse(shown.stdout) as ReadonlyArray<{ readonly [column: string]: unknown }>;
    expect(rows.map(({ method }) => method)).toEqual([
      "backbone",
      "whitening",
      "SimCSE",
      "Mirror-BERT",
      "CT",
      "CT in-batch",
      "DiffCSE",
      "SimBERT",
    ]);
    expect(rows[2]).toMatchObject({ runs: 2, average: expect.any(Number), "average.sd": expect.any(Number) });
    expect(rows[0]).toMatchObject({ runs: null, "average.sd": null });

    const drawn = await place.run(["show", file, "compare.figure", "--to", "methods.svg", ...sets]);
    expect(drawn, drawn.stderr).toMatchObject({ code: 0 });
    const svg = readFileSync(join(place.folder, "methods.svg"), "utf8");
    expect(svg.match(/<circle /g)).toHaveLength(8);
    const refused = await place.run(["show", file, "compare", "--format", "svg", ...sets]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      "error: compare.table is no picture but Comparison\n  hint: only a Figure has an SVG; look at this with --format table, json or csv\n",
    );
  });
});
