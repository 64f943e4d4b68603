/**
 * Random numbers from counters: each is a pure function of a key and an index, so a resumed, repacked or reordered
 * computation draws the same ones. Keys come from names and numbers such as ("dropout", seed, step, site).
 *
 * The mixing is that of MurmurHash3's finalizer over two 32-bit lanes. It passes for dropout, initial weights and shuffling;
 * it is no cryptography. All arithmetic is on 32-bit integers, so results are equal on every machine.
 */

/** Two 32-bit lanes. */
export interface RandomKey {
  readonly a: number;
  readonly b: number;
}

const golden = 0x9e3779b9 | 0;

/** A bijection of 32-bit integers that spreads every bit. */
export function mix32(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** The key one level down: of a step within a seed, of a row within a step. @param part any integer of 32 bits */
export const childKey = (key: RandomKey, part: number): RandomKey => ({
  a: mix32(Math.imul(part + 1, golden) ^ key.a),
  b: mix32((Math.imul(part, 0x2c1b3c6d) + key.b) ^ 0x297a2d39),
});

/** A key from names and integers (up to 2^53); order and types count. */
export function randomKey(...parts: ReadonlyArray<string | number>): RandomKey {
  let key: RandomKey = { a: 0x243f6a88, b: 0x85a308d3 | 0 };
  for (const part of parts) {
    if (typeof part === "number") {
      key = childKey(childKey(key, part | 0), Math.floor(part / 2 ** 32) | 0);
      continue;
    }
    for (let i = 0; i < part.length; i++) key = childKey(key, part.charCodeAt(i));
    key = childKey(key, -1 - part.length);
  }
  return key;
}

/** 32 random bits, as a signed integer. */
export const random32 = (key: RandomKey, index: number): number => {
  let x = Math.imul(index + 1, golden) + key.a;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) + key.b;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
};

/** Uniform in [0, 1), a multiple of 2^-32. */
export const uniformAt = (key: RandomKey, index: number): number => (random32(key, index) >>> 0) / 2 ** 32;

/** Standard normal (Box–Muller: index i takes the bits 2i and 2i + 1). */
export function normalAt(key: RandomKey, index: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(key, 2 * index)));
  return radius * Math.cos(2 * Math.PI * uniformAt(key, 2 * index + 1));
}

/** An order of 0 … length - 1, every one as likely as any other (Fisher–Yates). */
export function permutation(key: RandomKey, length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(uniformAt(key, i) * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
