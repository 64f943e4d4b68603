/** The ways to read one embedding off an encoder: their names, and what each asks of its input. Light to import. */
import type { MeanWithPadding, Pooling } from "./EncoderModel.ts";

/** As settings have it; `mean-with-padding` takes its length from beside it. */
export type PoolingName = Extract<Pooling, string> | MeanWithPadding["kind"];

export const poolingNames = [
  "cls",
  "mean",
  "max",
  "first-last",
  "mean-with-padding",
] as const satisfies ReadonlyArray<PoolingName>;

/** Mirror-BERT's, for sentences. */
export const defaultPaddedLength = 50;

/** Of settings. */
export const poolingOf = ({
  pooling,
  paddedLength = defaultPaddedLength,
}: {
  readonly pooling: PoolingName;
  /** Of `mean-with-padding`, which alone reads it. */
  readonly paddedLength?: number;
}): Pooling => (pooling === "mean-with-padding" ? { kind: pooling, paddedLength } : pooling);

/** In words: for programs' keys, and for people. */
export const poolingText = (pooling: Pooling): string =>
  typeof pooling === "string" ? pooling : `${pooling.kind} to ${pooling.paddedLength}`;

/** The length every text is padded to; undefined where none is. */
export const paddedLengthOf = (pooling: Pooling): number | undefined =>
  typeof pooling === "string" ? undefined : pooling.paddedLength;
