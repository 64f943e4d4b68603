/**
 * Masked language modelling: the encoder guesses hidden words of bare sentences, through a head (its checkpoint's, where that
 * came with it) that is dropped afterwards and whose decoder is the word table itself.
 *
 * Source: Devlin et al., "BERT", NAACL 2019, without the next-sentence task; masks are drawn anew at each epoch (RoBERTa).
 */
import { assembleSingle } from "../../nn/assembleInput.ts";
import type { EncoderModel } from "../../nn/EncoderModel.ts";
import { headSpecs } from "../../nn/parameters.ts";
import { raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { requireKnownIds, requirePositions, requireRows, requireSameTokenizer } from "../checks.ts";
import { maskedWords } from "../maskedWords.ts";
import type { Method } from "../Method.ts";
import type { TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { withDropout, withHead } from "../startingWeights.ts";
import { TrainingFailure } from "../TrainingFailure.ts";
import type { SimCseSentences } from "./simCse.ts";

const name = "pretrain-mlm";

export interface MaskedLanguageModelOptions extends TrainingOptions {
  readonly maskRatio: number;
}

/** @throws TrainingFailure of reason `invalid` where model, sentences and options do not fit */
export function maskedLanguageModel(
  model: EncoderModel,
  sentences: SimCseSentences,
  options: MaskedLanguageModelOptions,
  seed: number,
): Method {
  requireSameTokenizer(model, sentences, "sentences");
  requireRows(sentences.ids, 1, "sentences", "sentence");
  requireKnownIds(model.config, sentences.ids, "sentences");
  requirePositions(model.config, options.maxTokens);
  const rows = rowsWithWords(sentences);
  const config = withDropout(model.config, options.dropout);
  const head = headSpecs(config, "mlm");
  const sampler = makeSampler({
    rows: rows.length,
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const partsOf = maskedWords({
    key: name,
    config,
    special: sentences.special,
    maskRatio: options.maskRatio,
    masks: streamKey(seed, name, "mask"),
    seed: streamSeed(seed, name, "dropout"),
  });
  return {
    config,
    start: withHead(
      model,
      head,
      streamSeed(seed, name, "head"),
      head.map((parameter) => parameter.name),
    ),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options, "adamw-transformers"),
    parts: (step) => {
      const whole = Array.from(sampler.batch(step), (row) =>
        assembleSingle(raggedRow(sentences.ids, rows[row]!), sentences.special, options.maxTokens),
      );
      return partsOf(step, whole, options.microBatchTokens);
    },
  };
}

/** Sentences without a word have nothing to guess. */
function rowsWithWords({ ids }: SimCseSentences): Int32Array {
  const rows = Int32Array.from({ length: raggedRows(ids) }, (_, row) => row).filter(
    (row) => raggedRow(ids, row).length > 0,
  );
  if (rows.length > 0) return rows;
  throw new TrainingFailure("invalid", 'Every sentence on port "sentences" is empty.', "Link data that is not empty.");
}
