/** A branch beside its original: both in one cache, what they share run once. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyData, Workplace } from "./pipelineCommand.ts";

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  place.file("data.txt", `${tinyData}new fish\nold fish\n`);
  place.file("a.yaml", pipeline);
  mkdirSync(join(place.folder, "sub"));
});
afterAll(() => place.remove());

/** Each cycle keeps fewer rows of what the one before kept. */
const pipeline = `name: shrinking
seed: 3
steps:
  corpus: { uses: read-sentences, with: { path: data.txt } }
  shrink:
    repeat: 3
    carry: { rows: corpus } # all of them
    steps:
      unique: { uses: deduplicate, in: { from: rows } }
      fewer: { uses: sample, in: { from: unique }, with: { rows: 4 } }
    next: { rows: fewer }
  end: { uses: deduplicate, in: { from: shrink.rows } }
outputs: { rows: shrink.rows }
`;

async function eventsOf(...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> {
  const { stdout } = await place.run(["run", ...args, "--json"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; step?: string })
    .filter(({ event }) => event === "step.hit" || event === "step.finished")
    .map(({ event, step }) => `${event === "step.hit" ? "hit" : "ran"} ${step}`);
}

describe("pipeline branch", () => {
  it("writes a file whose run shares what came before, and leaves the original's results alone", async () => {
    await eventsOf("a.yaml");
    const change = ["--set", "fewer.rows=2", "--cycles", "2"];
    expect(await place.run(["branch", "a.yaml", "--from", "shrink[2]", ...change, "--to", "sub/b.yaml"])).toEqual({
      code: 0,
      stdout:
        "sub/b.yaml: shrink with 2 cycles, then shrink2 with 2 cycles, where\n  fewer.rows: 4 → 2\nrun it: pipeline run sub/b.yaml --cache cache\n",
      stderr: "",
    });
    expect(await eventsOf("sub/b.yaml", "--cache", "cache")).toEqual([
      "hit corpus",
      "hit shrink[1].unique",
      "hit shrink[1].fewer",
      "hit shrink[2].unique",
      "hit shrink[2].fewer",
      "hit shrink2[1].unique",
      "ran shrink2[1].fewer",
      "ran shrink2[2].unique",
      "ran shrink2[2].fewer",
      // Two rows of two are all of them: the key is that of shrink2[2].unique.
      "hit end",
    ]);
    expect(await eventsOf("a.yaml")).toEqual(
      ["corpus", ...[1, 2, 3].flatMap((n) => [`shrink[${n}].unique`, `shrink[${n}].fewer`]), "end"].map(
        (step) => `hit ${step}`,
      ),
    );
  });

  it("keeps the comments and writes paths for its own folder", () => {
    expect(readFileSync(join(place.folder, "sub/b.yaml"), "utf8")).toBe(`\
# A branch of ../a.yaml after cycle 2 of shrink; what it shares with that file runs once.
name: shrinking
seed: 3
steps:
  corpus: { uses: read-sentences, with: { path: ../data.txt } }
  shrink:
    repeat: 2
    carry: { rows: corpus } # all of them
    steps:
      unique: { uses: deduplicate, in: { from: rows } }
      fewer: { uses: sample, in: { from: unique }, with: { rows: 4 } }
    next: { rows: fewer }
  # Goes on from cycle 2 of shrink, with fewer.rows: 2.
  shrink2:
    repeat: 2
    carry: { rows: shrink.rows } # all of them
    steps:
      unique: { uses: deduplicate, in: { from: rows } }
      fewer: { uses: sample, in: { from: unique }, with: { rows: 2 } }
    next: { rows: fewer }
  end: { uses: deduplicate, in: { from: shrink2.rows } }
outputs: { rows: shrink2.rows }
`);
  });

  it("without a change has nothing to run where the original has run", async () => {
    const { stdout } = await place.run(["branch", "a.yaml", "--from", "shrink[1]", "--to", "same.yaml"]);
    expect(stdout).toBe("same.yaml: shrink with 1 cycle, then shrink2 with 2 cycles\nrun it: pipeline run same.yaml\n");
    expect((await eventsOf("same.yaml")).filter((event) => !event.startsWith("hit"))).toEqual([]);
  });

  it("never writes over a file, and says what it needs", async () => {
    const mistakes = await Promise.all([
      place.run(["branch", "a.yaml", "--from", "shrink[2]", "--to", "a.yaml"]),
      place.run(["branch", "a.yaml", "--to", "c.yaml"]),
      place.run(["branch", "a.yaml", "--from", "shrink[2]"]),
      place.run(["branch", "a.yaml", "--from", "shrnk[2]", "--set", "fewr.rows=2", "--to", "c.yaml"]),
      place.run(["branch", "a.yaml", "--from", "shrink[2]", "--to", "nowhere/c.yaml"]),
    ]);
    expect(mistakes.map(({ code, stderr }) => [code, stderr])).toEqual([
      [2, "a.yaml: error: this file is there already\n  hint: name another one: --to NEW.yaml\n"],
      [2, "error: `branch` needs --from\n  hint: say where it goes on from: --from 'distil[2]'\n"],
      [2, "error: `branch` needs --to\n  hint: name the new file: --to NEW.yaml\n"],
      [2, "--from shrnk[2]: error: there is no loop `shrnk`\n  hint: did you mean `shrink`?\n\n1 error\n"],
      [2, "nowhere/c.yaml: error: cannot write there (ENOENT)\n  hint: its folder is not there: make it first\n"],
    ]);
  });
});
