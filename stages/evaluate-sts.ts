/**
 * `evaluate-sts`: how well an encoder orders pairs by likeness: Spearman's correlation of its scores with the gold, for each
 * test set as a whole (the "all" setting of SimCSE and Trans-Encoder), and their plain mean.
 *
 * For bi-encoders also alignment (of the pairs above four fifths of the highest gold score: above 4 of 5 in STS, as in SimCSE)
 * and uniformity (Wang & Isola 2020) of the embeddings.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, CrossEncoder, Gold, Metrics, TokenPairs } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage, Progress } from "../src/core/Stage.ts";
import { Engine } from "../src/engine/Engine.ts";
import { precisionField } from "../src/inference/options.ts";
import { alignment, spearman, uniformity } from "../src/metrics/index.ts";

/** Pairs above this share of the highest gold score count as having one meaning. */
const positiveShare = 0.8;

const refuse = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

/** Why these inputs cannot be evaluated together; undefined when they can. */
function mismatch(
  encoder: BiEncoder | CrossEncoder,
  second: BiEncoder | undefined,
  pairs: TokenPairs,
  gold: Gold,
): StageFailure | undefined {
  if (second !== undefined && !areTowers(encoder, second))
    return refuse(
      "The encoders on the ports encoder and second are not two towers: their embeddings have no cosine.",
      "Link the outputs encoder and second of one train-sbert step with towers apart.",
    );
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
  const constant = rowsBySet(gold).find(({ rows }) => new Set(rows.map((row) => gold.scores[row])).size < 2);
  if (constant !== undefined)
    return refuse(
      `All gold scores of the set ${constant.set} are equal: there is no order to compare with.`,
      "Evaluate on a set whose scores differ.",
    );
  return undefined;
}

const areTowers = (encoder: BiEncoder | CrossEncoder, second: BiEncoder): boolean =>
  encoder.kind === "bi-encoder" &&
  encoder.tokenizer === second.tokenizer &&
  encoder.config.hiddenSize === second.config.hiddenSize;

interface SetRows {
  readonly set: string;
  readonly rows: ReadonlyArray<number>;
}

/** The rows of each test set, sets in the order they come in. */
const rowsBySet = ({ sets }: Gold): ReadonlyArray<SetRows> =>
  [...Map.groupBy(sets.keys(), (row) => sets[row]!)].map(([set, rows]) => ({ set, rows }));

/** Spearman × 100 of each set, and their mean. */
function correlations(gold: Gold, scores: Float32Array): Metrics["rows"] {
  const rows = rowsBySet(gold).map(({ set, rows }) => ({
    name: set,
    value: 100 * spearman(pick(gold.scores, rows), pick(scores, rows)),
  }));
  return [...rows, { name: "average", value: rows.reduce((sum, row) => sum + row.value, 0) / rows.length }];
}

const pick = (values: Float32Array | Float64Array, rows: ReadonlyArray<number>): ReadonlyArray<number> =>
  rows.map((row) => values[row]!);

function alignmentRow(gold: Gold, cosines: Float32Array): Metrics["rows"] {
  const highest = gold.scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const positive = cosines.filter((_, row) => gold.scores[row]! > positiveShare * highest);
  return positive.length === 0 ? [] : [{ name: "alignment", value: alignment(positive) }];
}

export default defineStage({
  name: "evaluate-sts",
  version: 1,
  description:
    "Spearman's correlation (× 100) of an encoder's scores with gold scores, by test set and on average; alignment and uniformity of bi-encoders.",
  config: Schema.Struct({ precision: precisionField }),
  inputs: {
    encoder: inputOneOf<BiEncoder | CrossEncoder>([BiEncoder, CrossEncoder], "The encoder to evaluate."),
    second: optionalInput(
      BiEncoder,
      "Of two towers the encoder of second sides (`train-sbert`). Without it `encoder` embeds both.",
    ),
    pairs: input(TokenPairs, "The test pairs, tokenized with the encoder's tokenizer."),
    gold: input(Gold, "Their gold scores, from the same step as the pairs."),
  },
  outputs: {
    metrics: output(Metrics, "A row for each set, `average`, and for bi-encoders `alignment` and `uniformity`."),
  },
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("evaluate-sts")(function* ({ config: { precision }, inputs: { encoder, second, pairs, gold } }) {
    const problem = mismatch(encoder, second, pairs, gold);
    if (problem !== undefined) return yield* problem;
    const progress = yield* Progress;
    const engine = yield* Engine;
    const { scorePairs } = yield* Effect.promise(() => import("../src/inference/score.ts"));
    const { spreadEmbeddings } = yield* Effect.promise(() => import("../src/inference/spreadEmbeddings.ts"));
    const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
    const unit = encoder.kind === "bi-encoder" ? "sentences" : "pairs";
    const options = {
      precision,
      isInterrupted: progress.isInterrupted,
      onProgress: (done: number, total: number) => progress.report({ done, total, unit }),
    };
    const evaluate = async (): Promise<Metrics> => {
      const scores = await scorePairs(encoder, pairs, engine, options, second);
      const rows = correlations(gold, scores);
      if (encoder.kind === "cross-encoder") return { rows };
      const embeddings = await spreadEmbeddings(encoder, pairs, engine, { precision }, second);
      const spread = { name: "uniformity", value: uniformity(embeddings, encoder.config.hiddenSize) };
      return { rows: [...rows, ...alignmentRow(gold, scores), spread] };
    };
    const metrics = yield* Effect.tryPromise({
      try: evaluate,
      catch: inferenceFailure,
    });
    return { metrics };
  }),
});
