/**
 * Which words a masked language model has to guess, and what stands in their place. Drawn from counters (step, example,
 * position), so that packing does not change it.
 *
 * Of the chosen tokens 80 % become [MASK], 10 % a random id, 10 % stay as they are. Source: Devlin et al., "BERT", section 3.1.
 */
import { childKey, type RandomKey, uniformAt } from "../nn/random.ts";

export interface MaskedRow {
  readonly ids: Int32Array;
  /** Positions to guess, rising. */
  readonly positions: ReadonlyArray<number>;
}

const asMask = 0.8;
const asRandom = 0.9;

/**
 * @param ids with special tokens in place @param key of this row at this step
 * @param ratio share of tokens chosen; special ones never are
 */
export function maskTokens(
  ids: Int32Array,
  special: { readonly cls: number; readonly sep: number; readonly mask: number },
  vocabSize: number,
  ratio: number,
  key: RandomKey,
): MaskedRow {
  const masked = ids.slice();
  const positions: Array<number> = [];
  for (let position = 0; position < ids.length; position++) {
    const id = ids[position]!;
    if (id === special.cls || id === special.sep || uniformAt(key, 3 * position) >= ratio) continue;
    positions.push(position);
    const kind = uniformAt(key, 3 * position + 1);
    if (kind < asMask) masked[position] = special.mask;
    else if (kind < asRandom) masked[position] = Math.floor(uniformAt(key, 3 * position + 2) * vocabSize);
  }
  return { ids: masked, positions };
}

/** Row `example` of the batch of `step`. */
export const maskKey = (key: RandomKey, step: number, example: number): RandomKey =>
  childKey(childKey(key, step), example);
