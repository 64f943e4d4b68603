/** `sample` and `deduplicate`: rows of Sentences or Pairs in, some of them out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pairs, Sentences } from "../../src/artifact/index.ts";
import deduplicate from "../../stages/deduplicate.ts";
import sample from "../../stages/sample.ts";
import { runStage } from "./runStage.ts";

const texts = Array.from({ length: 100 }, (_, i) => `sentence ${i}`);
const sampled = async (rows: number, seed = 1) =>
  ((await runStage(sample, { config: { rows }, seed, inputs: { from: ["Sentences", { texts }] } })).sample as Sentences)
    .texts;

describe("sample", () => {
  it("keeps the number asked for, in the old order", async () => {
    const kept = await sampled(10);
    expect(kept).toHaveLength(10);
    expect(kept).toEqual(texts.filter((text) => kept.includes(text)));
  });

  it("keeps these rows for this seed", async () => {
    expect(await sampled(5)).toEqual(["sentence 30", "sentence 55", "sentence 70", "sentence 80", "sentence 88"]);
  });

  it("keeps other rows for another seed, and all where there are not more", async () => {
    expect(await sampled(10, 2)).not.toEqual(await sampled(10, 1));
    expect(await sampled(1000)).toEqual(texts);
  });

  it("keeps both sides of a pair together", async () => {
    const pairs: Pairs = { a: texts, b: texts.map((text) => `${text}!`) };
    const kept = (await runStage(sample, { config: { rows: 7 }, inputs: { from: ["Pairs", pairs] } })).sample as Pairs;
    expect(kept.b).toEqual(kept.a.map((text) => `${text}!`));
  });
});

const unique = async (pairs: Pairs): Promise<Pairs> =>
  (await runStage(deduplicate, { inputs: { from: ["Pairs", pairs] } })).unique as Pairs;

describe("deduplicate", () => {
  it("keeps the first of equal pairs; mirror images and other cuts of the same letters are other pairs", async () => {
    const pairs = { a: ["x", "y", "x", "ab", "a"], b: ["y", "x", "y", "c", "bc"] };
    expect(await unique(pairs)).toEqual({ a: ["x", "y", "ab", "a"], b: ["y", "x", "c", "bc"] });
  });

  it("changes nothing the second time", async () => {
    const letter = fc.constantFrom("", "a", "b", "ab");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(letter, letter)), async (rows) => {
        const once = await unique({ a: rows.map(([a]) => a), b: rows.map(([, b]) => b) });
        expect(await unique(once)).toEqual(once);
      }),
      { numRuns: 50, seed: 3 },
    );
  });
});
