/** pipelines/transencoder-mutual.yaml, made small. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const file = fileURLToPath(new URL("../../pipelines/transencoder-mutual.yaml", import.meta.url));
let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  copyFileSync(file, join(place.folder, "mutual.yaml"));
});
afterAll(() => place.remove());

const small = ["--set", "scale=0.004", "--set", "cycles=1", "--set", "scored=40"];

interface Row {
  readonly row: number;
  readonly score: number;
}
const scoresOf = async (step: string): Promise<ReadonlyArray<number>> => {
  const { stdout } = await place.run(["show", "mutual.yaml", `distil[1].${step}`, "--format", "json", ...small]);
  return (JSON.parse(stdout) as ReadonlyArray<Row>).map(({ score }) => score);
};

describe("mutual distillation", () => {
  it("teaches two encoders of unlike tokenizers with the mean of their scores", { timeout: 180_000 }, async () => {
    const ran = await place.run(["run", "mutual.yaml", "--jobs", "2", ...small]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("output first: distil[1].student1.encoder");
    expect(ran.stdout).toContain("output second: distil[1].student2.encoder");
    const [first, second, mean] = await Promise.all(["scores1", "scores2", "scores"].map(scoresOf));
    expect(mean).toHaveLength(32);
    expect(first).not.toEqual(second);
    mean!.forEach((score, row) => expect(score).toBeCloseTo((first![row]! + second![row]!) / 2, 6));
  });

  it("never learns from gold: a link to it is an error before anything runs", async () => {
    const text = readFileSync(file, "utf8").replace(
      "pairs: pairs1, scores: labels,",
      "pairs: pairs1, scores: pairs.gold,",
    );
    const { code, stderr } = await place.run(["plan", place.file("gold.yaml", text)]);
    expect(code).toBe(2);
    expect(stderr).toContain("error: `distil.cross1.scores` takes Scores, but `pairs.gold` gives Gold\n");
  });
});
