/**
 * Random numbers for generated text: integers only, so that every machine draws the same.
 *
 * A stream is named by a key (seed, purpose, row), which is hashed; rows therefore do not depend on how many came before them,
 * and a corpus of 100 sentences is the beginning of one of 200.
 */
export interface Random {
  /** Uniform in 0 .. 2^32 - 1. */
  readonly next: () => number;
  /** Uniform in 0 .. n - 1; n in 1 .. 2^32. */
  readonly below: (n: number) => number;
  /** True `percent` times in a hundred. */
  readonly chance: (percent: number) => boolean;
  readonly pick: <A>(list: ReadonlyArray<A>) => A;
  /** An element by integer weight; the sum of weights must be above 0. */
  readonly weighted: <A>(list: ReadonlyArray<A>, weight: (item: A) => number) => A;
}

/** 32-bit FNV-1a over UTF-16 code units, finished by a mix so that near keys give far numbers. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix32(hash);
}

/** The finalizer of MurmurHash3 (Appleby, public domain): every input bit sways every output bit. */
function mix32(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A stream of its own for each key: sfc32 (Doty-Humphrey, PractRand, public domain), started from two hashes of the key. */
export function makeRandom(...key: ReadonlyArray<string | number>): Random {
  const name = key.join("/");
  let a = hash32(name);
  let b = hash32(`${name}#`);
  let c = mix32(a ^ 0x9e3779b9);
  let counter = 1;
  const next = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const below = (n: number): number => Math.floor((next() / 0x1_0000_0000) * n);
  return {
    next,
    below,
    chance: (percent) => below(100) < percent,
    pick: (list) => list[below(list.length)]!,
    weighted: (list, weight) => {
      let rest = below(list.reduce((sum, item) => sum + weight(item), 0));
      for (const item of list) {
        rest -= weight(item);
        if (rest < 0) return item;
      }
      throw new RangeError("weighted: the weights sum to 0");
    },
  };
}
