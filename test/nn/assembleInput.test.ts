import { describe, expect, it } from "vitest";
import { assemblePair, assembleSingle, truncateLongestFirst } from "../../src/nn/assembleInput.ts";

const special = { cls: 101, sep: 102 };

/** The definition, one token at a time. */
function truncateOneByOne(first: number, second: number, room: number): [number, number] {
  while (first + second > room) {
    if (first > second) first--;
    else second--;
  }
  return [first, second];
}

describe("assembleSingle", () => {
  it("puts [CLS] before and [SEP] after the text", () => {
    expect(assembleSingle([7, 8], special, 32).ids).toEqual(Int32Array.of(101, 7, 8, 102));
    expect(assembleSingle([], special, 32).ids).toEqual(Int32Array.of(101, 102));
  });

  it("counts the special tokens into the limit", () => {
    const { ids, types } = assembleSingle([1, 2, 3, 4, 5], special, 4);
    expect(ids).toEqual(Int32Array.of(101, 1, 2, 102));
    expect(types).toEqual(Int32Array.of(0, 0, 0, 0));
  });
});

describe("assemblePair", () => {
  it("marks the second text and its [SEP] as segment 1", () => {
    const { ids, types } = assemblePair([1, 2], [3], special, 64);
    expect(ids).toEqual(Int32Array.of(101, 1, 2, 102, 3, 102));
    expect(types).toEqual(Int32Array.of(0, 0, 0, 0, 1, 1));
  });

  it("cuts from the longer side, and from the second on a tie", () => {
    expect(assemblePair([1, 2, 3, 4], [5, 6], special, 7).ids).toEqual(Int32Array.of(101, 1, 2, 102, 5, 6, 102));
    expect(assemblePair([1, 2, 3], [5, 6, 7], special, 8).ids).toEqual(Int32Array.of(101, 1, 2, 3, 102, 5, 6, 102));
  });

  it("has two separators and one segment in RoBERTa's form, and counts them into the limit", () => {
    const { ids, types } = assemblePair([1, 2], [3], special, 64, "roberta");
    expect(ids).toEqual(Int32Array.of(101, 1, 2, 102, 102, 3, 102));
    expect(types).toEqual(new Int32Array(7));
    expect(assemblePair([1, 2, 3, 4], [5, 6], special, 8, "roberta").ids).toEqual(
      Int32Array.of(101, 1, 2, 102, 102, 5, 6, 102),
    );
    expect(assemblePair([], [], special, 8, "roberta").ids).toEqual(Int32Array.of(101, 102, 102, 102));
  });

  it("equals taking one token at a time, for all lengths up to 12", () => {
    for (let a = 0; a <= 12; a++)
      for (let b = 0; b <= 12; b++)
        for (let room = 2; room <= 14; room++)
          expect(truncateLongestFirst(a, b, room), `${a} ${b} ${room}`).toEqual(truncateOneByOne(a, b, room));
  });
});
