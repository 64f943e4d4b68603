/** pipelines/examples/04-contrastive.yaml, run as its first lines say, and what is told of mistakes in such a file. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const text = readFileSync(new URL("../../pipelines/examples/04-contrastive.yaml", import.meta.url), "utf8");
let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  place.file("04-contrastive.yaml", text);
});
afterAll(() => place.remove());

describe("04-contrastive.yaml", () => {
  it("trains an encoder in each of four ways, and then has nothing to do", { timeout: 180_000 }, async () => {
    const first = await place.run(["run", "04-contrastive.yaml"]);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    const metrics = await place.run(["metrics", "04-contrastive.yaml", "--json"]);
    const rows = JSON.parse(metrics.stdout) as ReadonlyArray<{ step: string; name: string; value: number }>;
    const averages = rows.filter(({ name }) => name === "average");
    expect(averages.map(({ step }) => step).sort()).toEqual(["ofDiffcse", "ofInBatch", "ofSimcse", "ofTension"]);
    expect(new Set(averages.map(({ value }) => value)).size).toBe(4);
    const again = await place.run(["run", "04-contrastive.yaml"]);
    expect(again.stdout).toContain("nothing to do: all ");
  });

  it(
    "is refused with the sizes that would do where a batch is no multiple of a group",
    { timeout: 60_000 },
    async () => {
      place.file("mistake.yaml", text.replace("batchSize: 8, negatives: 3", "batchSize: 10, negatives: 3"));
      const { code, stderr } = await place.run(["run", "mistake.yaml"]);
      expect(code).toBe(2);
      expect(stderr).toContain("batchSize is 10, but pairs come in groups of 4");
      expect(stderr).toContain("set batchSize to 8 or 12");
      expect(stderr).toMatch(/mistake\.yaml:\d+:\d+/);
    },
  );
});
