/** `train-tokenizer`: Sentences → a WordPiece Tokenizer, BERT style, with [PAD] [UNK] [CLS] [SEP] [MASK] as ids 0 to 4. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Sentences, Tokenizer } from "../src/artifact/index.ts";
import { input, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { modelFailure } from "../src/model/modelFailure.ts";

const config = Schema.Struct({
  vocabSize: Schema.Int.check(Schema.isBetween({ minimum: 6, maximum: 1_000_000 }))
    .annotate({
      description:
        "Entries of the vocabulary at most, special tokens and characters included, 6 to 1,000,000; default 8000. Fewer where no pair is frequent enough.",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(8000))),
  minFrequency: Schema.Int.check(Schema.isGreaterThan(0))
    .annotate({
      description: "Pieces that stand side by side less often than this are not joined, from 1 on; default 2.",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(2))),
  lowercase: Schema.Boolean.annotate({
    description: "Whether texts are lower-cased and stripped of accents before they are cut; default true.",
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
});

export default defineStage({
  name: "train-tokenizer",
  version: 2,
  description: "Learns a WordPiece vocabulary from sentences, as BERT's tokenizers have it.",
  config,
  inputs: { sentences: input(Sentences, "The sentences to learn from") },
  outputs: { tokenizer: output(Tokenizer, "The tokenizer") },
  runsIn: "worker",
  run: Effect.fnUntraced(function* ({ config, inputs }) {
    const { trainWordPiece } = yield* Effect.promise(() => import("../src/model/trainWordPiece.ts"));
    const tokenizer = yield* Effect.tryPromise({
      try: () => trainWordPiece(inputs.sentences.texts, config),
      catch: modelFailure,
    });
    return { tokenizer };
  }),
});
