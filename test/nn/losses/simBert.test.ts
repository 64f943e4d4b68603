import { describe, expect, it } from "vitest";
import { sequenceToSequence } from "../../../src/nn/losses/sequenceToSequence.ts";
import { simBertSimilarity, type SimBertSimilarityInputs } from "../../../src/nn/losses/simBertSimilarity.ts";
import { ntXent, type NtXentInputs } from "../../../src/nn/losses/ntXent.ts";
import { engines, evaluate } from "./lossRig.ts";

const pairs = [
  [1, 2],
  [2, 1],
  [3, -1],
  [2, -2],
];
const similarity = (inputs: SimBertSimilarityInputs) => simBertSimilarity(inputs, { scale: 30 });
const stacked = (inputs: NtXentInputs) => ntXent(inputs, { temperature: 1 / 30 });

describe.each(engines)("SimBERT's losses on the %s engine", (_, engine) => {
  it("give the worked similarity of two pairs", async () => {
    const { value } = await evaluate(engine(), similarity, { embeddings: pairs }, ["embeddings"]);
    // float32 at logits of 30: rows of 0.06 are right to 1e-6
    expect(Math.abs(value / 0.0158536050882905 - 1)).toBeLessThan(1e-5);
    expect(value).toBeCloseTo((2.627e-9 + 0.059794899864 + 0.003619488571 + 2.9291e-8) / 4, 6);
  });

  it("are Mirror-BERT's with the views one after the other", async () => {
    const views = { first: [pairs[0]!, pairs[2]!], second: [pairs[1]!, pairs[3]!] };
    const other = await evaluate(engine(), stacked, views, ["first"]);
    expect((await evaluate(engine(), similarity, { embeddings: pairs }, ["embeddings"])).value).toBeCloseTo(
      other.value,
      6,
    );
  });

  it("want pairs", async () => {
    const odd = evaluate(engine(), similarity, { embeddings: pairs.slice(1) }, ["embeddings"]);
    await expect(odd).rejects.toThrow(
      "simBertSimilarity needs an even number of rows, not 3: rows 2i and 2i + 1 are a pair.",
    );
  });

  it("give the worked cross-entropy of the next words of a target", async () => {
    const ids = [0, 1, 2, 1, 2];
    const segments = [0, 0, 0, 1, 1];
    const probabilities = [
      [0.2, 0.5, 0.3],
      [0.1, 0.8, 0.1],
      [0.6, 0.3, 0.1],
      [0.25, 0.25, 0.5],
    ];
    const given = {
      logits: probabilities.map((row) => row.map(Math.log)),
      targets: ids.slice(1),
      weights: segments.slice(1),
    };
    const { value } = await evaluate(engine(), sequenceToSequence, given, ["logits"], ["targets"]);
    expect(value).toBeCloseTo(0.948559992442941, 6);
    expect(value).toBeCloseTo((1.203972804326 + Math.LN2) / 2, 6);
  });
});
