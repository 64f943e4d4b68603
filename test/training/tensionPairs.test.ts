import { describe, expect, it } from "vitest";
import { streamKey } from "../../src/training/random.ts";
import { groupsMistake, makeTensionSampler, type TensionOptions } from "../../src/training/tensionPairs.ts";

const options: TensionOptions = {
  rows: 1000,
  batchSize: 16,
  negatives: 7,
  sampling: "pass",
  epochBatches: 500,
  key: streamKey(1, "test", "pairs"),
};

const sentencesOf = ({ first, second }: { readonly first: Int32Array; readonly second: Int32Array }) =>
  Array.from(first, (row, pair) => (row === second[pair] ? [row] : [row, second[pair]!])).flat();

describe("pairs of Contrastive Tension", () => {
  it("come in groups of one sentence with itself and seven of two sentences, nothing shared", () => {
    const { batch } = makeTensionSampler(options);
    const { first, second, labels } = batch(3);
    expect([...labels]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    labels.forEach((label, pair) => expect(first[pair] === second[pair]).toBe(label === 1));
    const sentences = sentencesOf({ first, second });
    expect(sentences).toHaveLength(30);
    expect(new Set(sentences).size).toBe(30);
  });

  it("of a pass use no sentence twice in an epoch: 33 batches of 1,000, and others in the next", () => {
    const { batch, stepsPerEpoch } = makeTensionSampler(options);
    expect(stepsPerEpoch).toBe(33);
    const epoch = Array.from({ length: 33 }, (_, step) => sentencesOf(batch(step))).flat();
    expect(epoch).toHaveLength(990);
    expect(new Set(epoch).size).toBe(990);
    expect([...batch(33).first]).not.toEqual([...batch(0).first]);
  });

  it("of a pass need as many sentences as a batch takes", () => {
    expect(makeTensionSampler({ ...options, rows: 30 }).stepsPerEpoch).toBe(1);
    expect(makeTensionSampler({ ...options, rows: 29 }).stepsPerEpoch).toBe(0);
  });

  it("drawn with replacement reach all sentences alike, and any number of batches from few", () => {
    const { batch, stepsPerEpoch } = makeTensionSampler({ ...options, rows: 10, sampling: "replacement" });
    expect(stepsPerEpoch).toBe(500);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let step = 0; step < 500; step++) {
      const { first, second, labels } = batch(step);
      for (const row of first) counts[row]!++;
      second.forEach((row, pair) => labels[pair] === 0 && counts[row]!++);
    }
    // 15,000 draws: 1,500 of each, with a deviation of 37.
    for (const count of counts) expect(Math.abs(count - 1500)).toBeLessThan(150);
  });

  it("depend on key and step alone", () => {
    for (const sampling of ["pass", "replacement"] as const) {
      const [one, other] = [
        { ...options, sampling },
        { ...options, sampling },
      ].map(makeTensionSampler);
      one!.batch(40);
      expect(other!.batch(7)).toEqual(one!.batch(7));
      expect(makeTensionSampler({ ...options, sampling, key: streamKey(2, "test", "pairs") }).batch(7)).not.toEqual(
        one!.batch(7),
      );
    }
  });

  it("fit into a batch whose size is a multiple of a group's, and of others the next sizes are told", () => {
    expect(groupsMistake({ batchSize: 24, negatives: 7 })).toBeUndefined();
    expect(groupsMistake({ batchSize: 20, negatives: 7 })).toBe(
      "batchSize is 20, but pairs come in groups of 8 (one of a sentence with itself, 7 of two): set batchSize to 16 or 24, or negatives to one less than a divisor of 20",
    );
    expect(groupsMistake({ batchSize: 6, negatives: 7 })).toContain("set batchSize to 8, or");
  });
});
