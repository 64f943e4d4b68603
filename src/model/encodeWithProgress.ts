/** Texts → ids inside a stage: reports how far it is, and stops between slices of texts when the driver asks. */
import * as Effect from "effect/Effect";
import type { Tokenizer } from "../artifact/index.ts";
import { StageFailure } from "../core/errors.ts";
import { Progress } from "../core/Stage.ts";
import { raggedFrom, type Ragged } from "../nn/Ragged.ts";
import { textEncoder } from "./encodeTexts.ts";

/** Texts between two looks at the driver's wishes. */
const sliceTexts = 1000;

/** The ids of each list of texts, without special tokens. `unit` names what is counted in progress reports. */
export const encodeWithProgress = Effect.fnUntraced(function* (
  tokenizer: Tokenizer,
  lists: ReadonlyArray<ReadonlyArray<string>>,
  unit: string,
) {
  const progress = yield* Progress;
  const encode = yield* Effect.tryPromise({
    try: () => textEncoder(tokenizer),
    catch: (cause) =>
      new StageFailure({
        cause: "stage-error",
        message: `the tokenizer cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: "its normalizer or pre-tokenizer is of a kind that is not supported",
      }),
  });
  const total = lists.reduce((sum, texts) => sum + texts.length, 0);
  let done = 0;
  const encoded: Array<Ragged> = [];
  for (const texts of lists) {
    const rows: Array<ReadonlyArray<number>> = [];
    for (let start = 0; start < texts.length; start += sliceTexts) {
      if (progress.isInterrupted())
        return yield* new StageFailure({ cause: "interrupted", message: "interrupted while making ids" });
      for (const text of texts.slice(start, start + sliceTexts)) rows.push(encode(text));
      done += Math.min(sliceTexts, texts.length - start);
      progress.report({ done, total, unit });
      yield* Effect.yieldNow;
    }
    encoded.push(raggedFrom(rows));
  }
  return encoded;
});
