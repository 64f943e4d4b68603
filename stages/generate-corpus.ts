/**
 * `generate-corpus`: English sentences from a grammar of our own, and pairs of them whose gold follows from how they were made.
 *
 * It lets the main job run with nothing downloaded: sentences to learn from, unlabelled candidate pairs, and a benchmark that
 * counting common words does badly on. What it makes and how it grades is told in `src/text/generateCorpus.ts`.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Gold, Pairs, Sentences } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { contentDigest } from "../src/core/digest.ts";
import { defineStage } from "../src/core/Stage.ts";

const count = (description: string) =>
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 }))
    .annotate({ description })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)));

const config = Schema.Struct({
  sentences: count("Number of sentences, 0 to 10,000,000; default 0."),
  pairs: count("Number of sentence pairs, 0 to 10,000,000; default 0."),
  scale: Schema.Finite.check(Schema.isGreaterThan(0))
    .annotate({
      description: "Share of both numbers that is made, above 0; default 1. At least one of what is asked for.",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  split: Schema.Literals(["train", "test"])
    .annotate({
      description:
        "`train` (default) or `test`: the two never share a sentence, nor who does what to whom, for any seeds.",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("train" as const))),
  set: Schema.NonEmptyString.annotate({
    description: "Name of the test set in the gold and in metrics; default `generated`.",
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed("generated"))),
});

const scaled = (number: number, scale: number): number => (number === 0 ? 0 : Math.max(1, Math.round(number * scale)));

export default defineStage({
  name: "generate-corpus",
  version: 1,
  description:
    "Makes English sentences from a built-in grammar, and pairs of them with a gold score from 0 to 5 that follows from how they were made.",
  config,
  inputs: {},
  outputs: {
    sentences: output(Sentences, "Sentences, for unsupervised training"),
    pairs: output(Pairs, "Pairs of graded overlap of meaning"),
    gold: output(Gold, "The share of meaning of each pair, 0 to 5, for evaluation"),
  },
  usesSeed: true,
  run: Effect.fnUntraced(function* ({ config, seed }) {
    const { generatePairs, generateSentences } = yield* Effect.promise(() => import("../src/text/generateCorpus.ts"));
    const texts = generateSentences(seed, config.split, scaled(config.sentences, config.scale));
    const graded = generatePairs(seed, config.split, scaled(config.pairs, config.scale));
    const pairs: Pairs = { a: graded.map((pair) => pair.a), b: graded.map((pair) => pair.b) };
    const bytes = yield* Effect.promise(() => Pairs.encode(pairs));
    const gold: Gold = {
      pairs: contentDigest(bytes),
      scores: Float64Array.from(graded, (pair) => pair.score),
      sets: graded.map(() => config.set),
    };
    return { sentences: { texts }, pairs, gold };
  }),
});
