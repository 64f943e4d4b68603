import { assert, describe, it } from "vitest";
import { packBatch } from "../../src/nn/PackedBatch.ts";
import { defaultLayoutPolicy, layoutOf, shapeKey, type LayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { randomKey, uniformAt } from "../../src/nn/random.ts";

const sequence = (...ids: Array<number>) => ({ ids: Int32Array.from(ids) });
const packed: LayoutPolicy = { lengthMultiple: 2, maxGroups: 2, minGroupRows: 2, minTokenStep: 2 };

describe("a packed batch", () => {
  const batch = packBatch(
    [
      sequence(11, 12, 13, 14, 15),
      sequence(21),
      { ids: Int32Array.of(31, 32), types: Int32Array.of(0, 1) },
      sequence(41),
    ],
    { policy: packed },
  );

  it("sorts sequences by length, in the caller's order where equal, and pads within groups", () => {
    assert.deepStrictEqual([...batch.order], [1, 3, 2, 0]);
    assert.deepStrictEqual(batch.shape, {
      tokens: 10,
      sequences: 4,
      groups: [
        { rows: 2, length: 2, masked: true },
        { rows: 2, length: 6, masked: true },
      ],
      gathered: true,
    });
  });

  it("has one row for each real token, and fillers behind them", () => {
    assert.strictEqual(batch.realTokens, 9);
    assert.deepStrictEqual([...batch.ids], [21, 41, 31, 32, 11, 12, 13, 14, 15, -1]);
    assert.deepStrictEqual([...batch.types], [0, 0, 0, 1, 0, 0, 0, 0, 0, -1]);
    assert.deepStrictEqual([...batch.positions], [0, 0, 0, 1, 0, 1, 2, 3, 4, -1]);
    assert.deepStrictEqual([...batch.tokenExample], [1, 3, 2, 2, 0, 0, 0, 0, 0, -1]);
    assert.deepStrictEqual([...batch.firstToken], [4, 0, 2, 1]);
  });

  it("fills padding slots with a filler's row", () => {
    const slots = [...(batch.feeds["batch.slotToken"] as Int32Array)];
    assert.deepStrictEqual(slots, [0, 9, 1, 9, 2, 3, 9, 9, 9, 9, 4, 5, 6, 7, 8, 9]);
  });

  it("lies in the padded layout where that has no more rows", () => {
    const whole = packBatch([sequence(1, 2, 3, 4), sequence(5, 6, 7)], { policy: packed });
    assert.strictEqual(whole.shape.gathered, false);
    assert.deepStrictEqual([...whole.ids], [5, 6, 7, -1, 1, 2, 3, 4]);
    assert.deepStrictEqual([...(whole.feeds["batch.slotToken"] as Int32Array)], [0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

/** Lengths with many short and few long ones, as sentences have them. */
const sample = (seed: number, rows: number, longest: number) =>
  Array.from({ length: rows }, (_, i) => {
    const u = uniformAt(randomKey(seed), i);
    return 3 + Math.floor((longest - 2) * u * u);
  });

const shapes = (rows: number, longest: number) =>
  new Set(
    Array.from({ length: 300 }, (_, seed) =>
      shapeKey(layoutOf(sample(seed, rows, longest), defaultLayoutPolicy, longest).shape),
    ),
  ).size;

describe("the layout policy", () => {
  it("meets few shapes however many batches it sees", () => {
    for (const [rows, longest, most] of [
      [16, 32, 12],
      [64, 32, 16],
      [256, 32, 8],
      [32, 64, 25],
      [64, 128, 40],
    ] as const)
      assert.isAtMost(shapes(rows, longest), most, `${rows} sequences of at most ${longest} tokens`);
  });

  it("wastes few token rows", () => {
    const lengths = sample(1, 128, 32);
    const real = lengths.reduce((sum, length) => sum + length, 0);
    assert.isBelow(layoutOf(lengths).shape.tokens / real, 1.09);
  });

  it("rounds lengths to ever wider steps", () => {
    const rounded = [1, 8, 9, 17, 25, 33, 49, 65, 97, 129].map(
      (length) => layoutOf([length, 1], { ...defaultLayoutPolicy, maxGroups: 1 }).shape.groups[0]!.length,
    );
    assert.deepStrictEqual(rounded, [8, 8, 16, 24, 32, 48, 64, 96, 128, 192]);
  });

  it("has one group for a batch of one length, without mask", () => {
    assert.deepStrictEqual(layoutOf([16, 16, 16]).shape, {
      tokens: 48,
      sequences: 3,
      groups: [{ rows: 3, length: 16, masked: false }],
      gathered: false,
    });
  });

  it("never pads beyond the longest a sequence can be", () => {
    assert.strictEqual(layoutOf([29, 5], defaultLayoutPolicy, 30).shape.groups[0]!.length, 30);
  });
});
