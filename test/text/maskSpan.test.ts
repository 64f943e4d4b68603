import { describe, expect, it } from "vitest";
import { maskSpan } from "../../src/text/maskSpan.ts";

const text = "A young boy is playing a wind instrument.";
/** The draw that begins a span of five characters at an index. */
const drawOf = (index: number, of = text) => (index + 0.5) / (Array.from(of).length - 5);

describe("maskSpan", () => {
  it("cuts characters out, words apart (methods §3.4)", () => {
    expect(Array.from(text)).toHaveLength(41);
    expect(maskSpan(text, 5, drawOf(8))).toBe("A young  [MASK] s playing a wind instrument.");
  });

  it("draws from the first character to the last but one span", () => {
    expect(maskSpan(text, 5, 0)).toBe(" [MASK] ng boy is playing a wind instrument.");
    // The last five characters are never drawn: numpy's randint leaves its end out.
    expect(maskSpan(text, 5, 1 - 2 ** -32)).toBe("A young boy is playing a wind instr [MASK] .");
    expect(new Set(Array.from({ length: 36 }, (_, index) => maskSpan(text, 5, drawOf(index)))).size).toBe(36);
  });

  it("cuts where the span first stands", () => {
    const repeated = "abcde, and once again: abcde, and on";
    expect(maskSpan(repeated, 5, drawOf(23, repeated))).toBe(" [MASK] , and once again: abcde, and on");
  });

  it("leaves texts of less than 30 characters alone, and all at a length of 0", () => {
    const [short, long] = ["x".repeat(29), "x".repeat(30)];
    expect(maskSpan(short, 5, 0.5)).toBe(short);
    expect(maskSpan(long, 5, 0.5)).toBe(` [MASK] ${"x".repeat(25)}`);
    expect(maskSpan(text, 0, 0.5)).toBe(text);
    expect(maskSpan(long, 30, 0.5)).toBe(long);
  });

  it("counts characters, not halves of them", () => {
    const faces = "🙂".repeat(29);
    expect(maskSpan(faces, 5, 0)).toBe(faces);
    expect(maskSpan(`${faces}!`, 5, 0)).toBe(` [MASK] ${"🙂".repeat(24)}!`);
    expect(maskSpan(`${faces}!`, 5, 1 - 2 ** -32).isWellFormed()).toBe(true);
  });
});
