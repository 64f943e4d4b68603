import { expect, it } from "vitest";
import { hash32, makeRandom } from "../../src/text/random.ts";

it("gives the numbers written here for a key, on every machine", () => {
  const random = makeRandom(1, "train", 7);
  expect([random.next(), random.next(), random.below(10), random.below(10)]).toEqual([1075300447, 997669445, 6, 3]);
  expect(hash32("harbour")).toBe(3199874064);
});

it("gives unlike streams for near keys", () => {
  expect(new Set(Array.from({ length: 50 }, (_, row) => makeRandom(1, "train", row).below(1000))).size).toBeGreaterThan(
    40,
  );
});

it("draws by weight", () => {
  const random = makeRandom("weights");
  const drawn = Array.from({ length: 4000 }, () =>
    random.weighted(["rare", "often", "never"], (word) => ({ rare: 1, often: 3, never: 0 })[word]!),
  );
  expect(drawn.filter((word) => word === "often").length / 4000).toBeCloseTo(0.75, 1);
  expect(drawn).not.toContain("never");
  expect(() => random.weighted(["x"], () => 0)).toThrow("the weights sum to 0");
});

it("takes chances in a hundred", () => {
  const random = makeRandom("chances");
  const taken = Array.from({ length: 4000 }, () => random.chance(30)).filter(Boolean).length;
  expect(taken / 4000).toBeCloseTo(0.3, 1);
  expect(random.chance(0)).toBe(false);
  expect(random.chance(100)).toBe(true);
});
