/**
 * A training looked at from outside while it goes: a development set is scored with the weights as they are, every so many
 * updates, and the weights that ordered it best may be the ones that are kept. Its gold decides which weights are kept and is
 * shown in the curve; no gradient ever sees it.
 *
 * Rule of Trans-Encoder's code (methods §1.3): the counter begins anew in each epoch, an epoch's end counts too, and a later
 * state replaces the best so far only where it is strictly better.
 */
import { scorePairs } from "../inference/score.ts";
import { spreadEmbeddings } from "../inference/spreadEmbeddings.ts";
import { alignment, spearman, uniformity } from "../metrics/index.ts";
import type { BiEncoder, CrossEncoder } from "../nn/EncoderModel.ts";
import type { Ragged } from "../nn/Ragged.ts";
import type { Weights } from "../nn/Weights.ts";
import { requireKnownIds, requireSameTokenizer } from "./checks.ts";
import type { Development, Method, Numbers } from "./Method.ts";
import type { DevOptions } from "./options.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

/** What is linked to the ports of the same names. */
export interface DevInputs {
  readonly devPairs?: DevPairs | undefined;
  readonly devGold?: DevGold | undefined;
}

export interface DevPairs {
  readonly tokenizer: string;
  /** Digest of the pairs. */
  readonly pairs: string;
  readonly a: Ragged;
  readonly b: Ragged;
}

export interface DevGold {
  /** Digest of the pairs it belongs to. */
  readonly pairs: string;
  readonly scores: Float64Array;
  /** The set of each row. */
  readonly sets: ReadonlyArray<string>;
}

/**
 * The method with a look at the development set, where there is one.
 * @param asModel what is scored: the model that the stage would give out with these weights
 * @param asSecond of two towers the one for second sides
 * @throws TrainingFailure of reason `invalid` where pairs and gold do not fit each other or the model
 */
export function withDevelopment(
  method: Method,
  { devPairs, devGold }: DevInputs,
  { devEvery, keepBest }: DevOptions,
  asModel: (weights: Weights) => BiEncoder | CrossEncoder,
  asSecond?: (weights: Weights) => BiEncoder,
): Method {
  if (devPairs === undefined && devGold === undefined) return method;
  const { pairs, gold } = fitting(asModel(method.start), devPairs, devGold);
  const isBiEncoder = asModel(method.start).kind === "bi-encoder";
  const development: Development = {
    every: devEvery,
    keepBest,
    series: isBiEncoder ? [decisive, "devAlignment", "devUniformity"] : [decisive],
    decisive,
    evaluate: async (weights, engine) => {
      const model = asModel(weights);
      const second = asSecond?.(weights);
      const scores = await scorePairs(model, pairs, engine, {}, second);
      const numbers = { [decisive]: 100 * meanSpearman(gold, scores) };
      if (model.kind === "cross-encoder") return numbers;
      const embeddings = await spreadEmbeddings(model, pairs, engine, {}, second);
      return { ...numbers, ...spreadOf(gold, scores, embeddings, model.config.hiddenSize) };
    },
  };
  return { ...method, development };
}

/** Spearman's correlation × 100, the mean over sets. */
const decisive = "devSpearman";

const invalid = (message: string, hint: string) => new TrainingFailure("invalid", message, hint);

function fitting(model: BiEncoder | CrossEncoder, pairs: DevPairs | undefined, gold: DevGold | undefined) {
  if (pairs === undefined || gold === undefined) {
    const [linked, missing] = pairs === undefined ? ["devGold", "devPairs"] : ["devPairs", "devGold"];
    throw invalid(
      `Port "${linked}" is linked, but port "${missing}" is not.`,
      "Link both, of the same development set, or neither.",
    );
  }
  requireSameTokenizer(model, pairs, "devPairs");
  for (const side of [pairs.a, pairs.b]) requireKnownIds(model.config, side, "devPairs");
  if (gold.pairs !== pairs.pairs)
    throw invalid(
      `The gold on port "devGold" belongs to pairs ${gold.pairs.slice(0, 12)}, but port "devPairs" has ${pairs.pairs.slice(0, 12)}.`,
      "Link gold and pairs of the same read-pairs step.",
    );
  const constant = rowsBySet(gold).find((rows) => new Set(rows.map((row) => gold.scores[row])).size < 2);
  if (gold.scores.length === 0 || constant !== undefined)
    throw invalid(
      `Port "devGold" has ${gold.scores.length === 0 ? "no scores" : "a set whose scores are all equal"}: there is no order to compare with.`,
      "Link a development set with scores that differ.",
    );
  return { pairs, gold };
}

const rowsBySet = ({ sets }: DevGold): ReadonlyArray<ReadonlyArray<number>> => [
  ...Map.groupBy(sets.keys(), (row) => sets[row]!).values(),
];

function meanSpearman(gold: DevGold, scores: Float32Array): number {
  const bySet = rowsBySet(gold).map((rows) =>
    spearman(
      rows.map((row) => gold.scores[row]!),
      rows.map((row) => scores[row]!),
    ),
  );
  return bySet.reduce((sum, value) => sum + value, 0) / bySet.length;
}

/** As `evaluate-sts`: alignment of the pairs above four fifths of the highest gold score, uniformity of up to 500 pairs' sentences. */
function spreadOf(gold: DevGold, cosines: Float32Array, embeddings: Float32Array, dim: number): Numbers {
  const highest = gold.scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const positive = cosines.filter((_, row) => gold.scores[row]! > 0.8 * highest);
  return {
    devAlignment: positive.length === 0 ? Number.NaN : alignment(positive),
    devUniformity: uniformity(embeddings, dim),
  };
}
