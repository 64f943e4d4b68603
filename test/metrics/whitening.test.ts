import { describe, expect, it } from "vitest";
import { normalAt, randomKey } from "../../src/nn/random.ts";
import { FlatEmbeddings, whitening } from "../../src/metrics/whitening.ts";

const dimension = 5;
const rows = 400;

/** Rows far from the origin whose directions vary unlike each other and together. */
const embeddings = Float32Array.from({ length: rows * dimension }, (_, i) => {
  const [row, column] = [Math.floor(i / dimension), i % dimension];
  const own = normalAt(randomKey("whitening", column), row);
  const shared = normalAt(randomKey("whitening"), row);
  return 3 + (column + 1) * own + 2 * shared;
});

function apply({ weight, bias }: ReturnType<typeof whitening>): ReadonlyArray<ReadonlyArray<number>> {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(bias, (offset, k) => {
      let sum = offset;
      for (let i = 0; i < dimension; i++) sum += weight[k * dimension + i]! * embeddings[row * dimension + i]!;
      return sum;
    }),
  );
}

const meanOf = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("whitening", () => {
  it("leaves mean 0 and covariance I", () => {
    const white = apply(whitening(embeddings, dimension, dimension));
    for (let i = 0; i < dimension; i++) {
      expect(meanOf(white.map((row) => row[i]!))).toBeCloseTo(0, 5);
      for (let j = 0; j < dimension; j++) {
        const covariance = (rows / (rows - 1)) * meanOf(white.map((row) => row[i]! * row[j]!));
        expect(covariance).toBeCloseTo(i === j ? 1 : 0, 4);
      }
    }
  });

  it("keeps the directions that vary most, as the beginning of the whole map", () => {
    const [whole, two] = [whitening(embeddings, dimension, dimension), whitening(embeddings, dimension, 2)];
    expect(two.weight).toEqual(whole.weight.slice(0, 2 * dimension));
    const lengths = Array.from({ length: dimension }, (_, k) =>
      Math.hypot(...whole.weight.slice(k * dimension, (k + 1) * dimension)),
    );
    expect(lengths.toSorted((a, b) => a - b)).toEqual(lengths); // 1/√λ rises where λ falls
  });

  it("refuses to blow up directions in which nothing varies", () => {
    const flat = embeddings.map((value, i) => (i % dimension < 3 ? value : 7));
    expect(() => whitening(flat, dimension, 4)).toThrow(FlatEmbeddings);
    expect(() => whitening(flat, dimension, 3)).not.toThrow();
  });
});
