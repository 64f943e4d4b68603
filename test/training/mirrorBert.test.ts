import { describe, expect, it } from "vitest";
import type { PreparedStep } from "../../src/training/Method.ts";
import { mirrorBert } from "../../src/training/methods/mirrorBert.ts";
import { special, tinyBackbone, tinyCopies, tinyMirror, tinyOptions } from "./tinyModel.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";

const model = tinyBackbone();
const options = { ...tinyOptions, ...tinyMirror, pooling: "mean" as const };

/** Rows of a step's batch, as ids in the caller's order. */
const rowsOf = ({ encodings: [{ batch }] }: PreparedStep): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from(batch.firstToken, (first, row) => Array.from(batch.ids.subarray(first, first + batch.lengths[row]!)));

/** Copies of one update's sentences, in no order. */
const copiesOf = (step: number, seed = 1) =>
  rowsOf(wholeBatch(mirrorBert(model, tinyCopies(8), options, seed), step))
    .slice(8)
    .map((row) => row.join())
    .sort();

/** Copies of all sentences of an epoch, in no order. */
function copiesInBatchesOf(batchSize: number): ReadonlyArray<string> {
  const method = mirrorBert(model, tinyCopies(16), { ...options, batchSize }, 1);
  const steps = Array.from({ length: method.stepsPerEpoch }, (_, step) => rowsOf(wholeBatch(method, step)));
  return steps.flatMap((rows) => rows.slice(batchSize).map((row) => row.join())).sort();
}

const collapsedLossOf = (form: "code" | "paper") =>
  mirrorBert(model, tinyCopies(16), { ...options, form }, 1).collapsedLoss;

describe("mirrorBert", () => {
  it("puts a masked copy beside each sentence, in the same place of the other half", () => {
    const rows = rowsOf(wholeBatch(mirrorBert(model, tinyCopies(16), options, 1)));
    expect(rows.length).toBe(16);
    for (const [i, sentence] of rows.slice(0, 8).entries()) {
      const copy = rows[8 + i]!;
      const differing = copy.flatMap((id, at) => (id === sentence[at] ? [] : [id]));
      expect([copy.length, differing]).toEqual([sentence.length, [special.mask]]);
    }
  });

  it("draws other masks in each epoch, and the same ones for the same seed and update", () => {
    expect(copiesOf(0)).toEqual(copiesOf(0));
    expect(copiesOf(1)).not.toEqual(copiesOf(0));
    expect(copiesOf(0, 2)).not.toEqual(copiesOf(0));
  });

  it("masks a sentence the same whichever batch it is in", () => {
    expect(copiesInBatchesOf(4)).toEqual(copiesInBatchesOf(8));
  });

  it("packs a batch of padded texts as they lie, without a longer rectangle around them", () => {
    const prepared = wholeBatch(mirrorBert(model, tinyCopies(16), { ...options, pooling: tinyMirror.pooling }, 1));
    const { shape } = prepared.encodings[0].batch;
    expect(shape).toEqual({
      tokens: 16 * 12,
      sequences: 16,
      gathered: false,
      groups: [{ rows: 16, length: 12, masked: true }],
    });
  });

  it("drops heads in the place of all else, by the stage's own stream", () => {
    const method = (more: object) => mirrorBert(model, tinyCopies(8), { ...options, ...more }, 1);
    expect(method({ dropHead: 0.2 }).config).toEqual({
      ...model.config,
      hiddenDropout: 0,
      attentionDropout: 0,
      dropHead: 0.2,
    });
    expect(method({ dropHead: 0.2, dropout: 0.1 }).config).toMatchObject({ hiddenDropout: 0.1, dropHead: 0.2 });
    expect(method({}).config).toEqual(model.config);
    const masks = Object.keys(wholeBatch(method({ dropHead: 0.2 })).feeds).filter((name) => name.includes("dropout"));
    expect(masks.length).toBeGreaterThan(0);
    expect(masks.every((name) => name.startsWith("batch.dropout.-"))).toBe(true);
  });

  it("knows the loss at which all embeddings are equal, in both forms", () => {
    expect(collapsedLossOf("code")).toBeCloseTo(Math.log(15), 12);
    expect(collapsedLossOf("paper")).toBeCloseTo(8 * Math.log(14), 12);
  });
});
