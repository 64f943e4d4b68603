/**
 * What every loss asks of its inputs before it computes: shapes that fit together, and at least one row. Without it a row too
 * few would be broadcast or counted as none, and give a number that means nothing.
 */
import type * as tf from "@tensorflow/tfjs-core";

/** Words name lengths, and a word is one length throughout a loss; numbers are lengths themselves. */
export type ShapeWords = ReadonlyArray<string | number>;

/** The inputs do not fit together: one sentence that names the loss and the input. */
export class LossInputError extends RangeError {
  constructor(message: string) {
    super(message);
    this.name = "LossInputError";
  }
}

type Named = readonly [input: string, tensor: Pick<tf.Tensor, "shape"> | undefined, shape: ShapeWords];

/**
 * @param inputs an undefined tensor is an optional input that was left out
 * @returns the length of each word
 * @throws LossInputError where a tensor has another shape, or no element
 */
export function requireShapes(loss: string, inputs: ReadonlyArray<Named>): { readonly [word: string]: number } {
  const lengths: { [word: string]: number } = {};
  for (const [input, tensor, words] of inputs) {
    if (tensor === undefined) continue;
    const expected = words.map((word, axis) =>
      typeof word === "number" ? word : (lengths[word] ??= tensor.shape[axis]!),
    );
    if (tensor.shape.length !== words.length || expected.some((length, axis) => tensor.shape[axis] !== length))
      throw new LossInputError(
        `${loss}: ${input} has shape [${tensor.shape.join(", ")}], not ${wanted(words, expected)}.`,
      );
    if (expected.includes(0)) throw new LossInputError(`${loss}: ${input} is empty: ${wanted(words, expected)}.`);
  }
  return lengths;
}

/** At least so many of something; a loss that compares needs two. */
export function requireLeast(loss: string, word: string, found: number, least: number, because: string): void {
  if (found < least) throw new LossInputError(`${loss} needs at least ${least} ${word}, not ${found}: ${because}.`);
}

function wanted(words: ShapeWords, lengths: ReadonlyArray<number | undefined>): string {
  const shape = `[${words.join(", ")}]`;
  const known = lengths.every((length) => length !== undefined) ? `[${lengths.join(", ")}]` : shape;
  return known === shape ? shape : `${shape} = ${known}`;
}
