/** What evaluators of pairs share: which inputs belong together, and how they name the failure of those that do not. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { BiEncoder, CrossEncoder, Gold, TokenPairs } from "../artifact/index.ts";
import { StageFailure } from "../core/errors.ts";
import { Progress } from "../core/Stage.ts";
import { Engine } from "../engine/Engine.ts";
import type { Precision } from "./options.ts";

export const refuse = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

/** Why this gold says nothing of how the encoder scores these pairs; undefined when it does. */
export function goldProblem(
  encoder: BiEncoder | CrossEncoder,
  pairs: TokenPairs,
  gold: Gold,
): StageFailure | undefined {
  if (encoder.tokenizer !== pairs.tokenizer)
    return refuse(
      `The pairs were tokenized with tokenizer ${pairs.tokenizer.slice(0, 12)}, but the encoder was made for ${encoder.tokenizer.slice(0, 12)}.`,
      "Tokenize the pairs with the tokenizer of the step that made the encoder: its port `tokenizer`.",
    );
  if (gold.pairs !== pairs.pairs)
    return refuse(
      `The gold belongs to pairs ${gold.pairs.slice(0, 12)}, but port "pairs" has ${pairs.pairs.slice(0, 12)}.`,
      "Link gold and pairs of the same read-pairs step.",
    );
  if (gold.scores.length === 0)
    return refuse(
      `There are no gold scores: of the sets ${[...new Set(gold.sets)].join(", ")} at least one has no score column.`,
      "Evaluate on pair files with the columns sentence1, sentence2 and score.",
    );
  return undefined;
}

export interface SetRows {
  readonly set: string;
  readonly rows: ReadonlyArray<number>;
}

/** The rows of each test set, sets in the order they come in. */
export const rowsBySet = ({ sets }: Gold): ReadonlyArray<SetRows> =>
  [...Map.groupBy(sets.keys(), (row) => sets[row]!)].map(([set, rows]) => ({ set, rows }));

/** A set whose gold is all the same, which orders and parts nothing. */
export const constantSet = (gold: Gold): string | undefined =>
  rowsBySet(gold).find(({ rows }) => new Set(rows.map((row) => gold.scores[row])).size < 2)?.set;

export const pick = <Value>(values: ArrayLike<Value>, rows: ReadonlyArray<number>): ReadonlyArray<Value> =>
  rows.map((row) => values[row]!);

export const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Evaluators' limit may differ from the encoder's own; the published ones disagree (methods §8.2). */
export const evaluationTokens = Schema.optionalKey(
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(3)).annotate({
    description:
      "Longest input in tokens, special ones included, from 3 on; longer ones are cut. Trans-Encoder's evaluator has 32 for bi-encoders, Mirror-BERT's 64, SimCSE's none. Default: the encoder's own.",
  }),
);

/** The encoder as it is evaluated. @throws StageFailure where it has no positions for so many tokens */
export const withTokens = Effect.fnUntraced(function* <Model extends BiEncoder | CrossEncoder>(
  encoder: Model,
  maxTokens: number | undefined,
) {
  if (maxTokens === undefined) return encoder;
  const { maxPositions } = encoder.config;
  if (maxTokens > maxPositions)
    return yield* refuse(
      `maxTokens is ${maxTokens}, but the model has positions for ${maxPositions} tokens.`,
      `Set maxTokens to ${maxPositions} or less.`,
    );
  return { ...encoder, maxTokens };
});

/** Cosines or probabilities of pairs as an effect: it reports progress and ends where the run does. @param second of two towers the one for second sides */
export const scoresOf = Effect.fnUntraced(function* (
  encoder: BiEncoder | CrossEncoder,
  pairs: TokenPairs,
  precision: Precision,
  second?: BiEncoder,
) {
  const progress = yield* Progress;
  const engine = yield* Engine;
  const { scorePairs } = yield* Effect.promise(() => import("./score.ts"));
  const { inferenceFailure } = yield* Effect.promise(() => import("./inferenceFailure.ts"));
  const unit = encoder.kind === "bi-encoder" ? "sentences" : "pairs";
  return yield* Effect.tryPromise({
    try: () =>
      scorePairs(
        encoder,
        pairs,
        engine,
        {
          precision,
          isInterrupted: progress.isInterrupted,
          onProgress: (done, total) => progress.report({ done, total, unit }),
        },
        second,
      ),
    catch: inferenceFailure,
  });
});
