import { assert, describe, it } from "vitest";
import { normalAt, permutation, random32, randomKey, uniformAt } from "../../src/nn/random.ts";

describe("random numbers from counters", () => {
  it("are written out here, so that a change is always a decision", () => {
    const key = randomKey("stage", 2021, 7);
    assert.deepStrictEqual(
      [0, 1, 2, 3].map((i) => random32(key, i)),
      [246241087, -1494469607, 367264317, 1747742648],
    );
    assert.deepStrictEqual([...permutation(key, 8)], [2, 4, 7, 5, 3, 1, 0, 6]);
  });

  it("tell keys apart by order, type and size of their parts", () => {
    const keys = [
      randomKey(1, 2),
      randomKey(2, 1),
      randomKey("1", 2),
      randomKey("12"),
      randomKey(1 + 2 ** 32, 2),
      randomKey("1", "2"),
    ];
    assert.strictEqual(new Set(keys.map((key) => random32(key, 0))).size, keys.length);
  });

  it("are uniform in [0, 1)", () => {
    const key = randomKey("uniform");
    const cells = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < 16_000; i++) cells[Math.floor(uniformAt(key, i) * 16)]!++;
    for (const count of cells) assert.approximately(count, 1000, 4 * Math.sqrt(1000));
  });

  it("are normal with mean 0 and deviation 1", () => {
    const key = randomKey("normal");
    const values = Array.from({ length: 10_000 }, (_, i) => normalAt(key, i));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + b * b, 0) / values.length;
    assert.approximately(mean, 0, 0.04);
    assert.approximately(variance, 1, 0.06);
  });

  it("shuffle without loss", () => {
    assert.deepStrictEqual(
      [...permutation(randomKey(3), 50)].sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i),
    );
  });
});
