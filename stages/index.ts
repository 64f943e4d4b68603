/** Every stage there is, in the order of `pipeline stages`. Importing this is cheap: stages bring what they need when they run. */
import type { AnyStage } from "../src/core/Stage.ts";
import averageScores from "./average-scores.ts";
import compareMethods from "./compare-methods.ts";
import deduplicate from "./deduplicate.ts";
import evaluateBinary from "./evaluate-binary.ts";
import evaluateSts from "./evaluate-sts.ts";
import evaluateTransfer from "./evaluate-transfer.ts";
import generateCorpus from "./generate-corpus.ts";
import generateParaphrases from "./generate-paraphrases.ts";
import groupPairs from "./group-pairs.ts";
import loadCrossEncoder from "./load-cross-encoder.ts";
import loadModel from "./load-model.ts";
import pretrainMlm from "./pretrain-mlm.ts";
import pseudoLabel from "./pseudo-label.ts";
import readGroups from "./read-groups.ts";
import readLabelledSentences from "./read-labelled-sentences.ts";
import readPairs from "./read-pairs.ts";
import readSentences from "./read-sentences.ts";
import sample from "./sample.ts";
import stopLoop from "./stop-loop.ts";
import summarizeMetrics from "./summarize-metrics.ts";
import tokenizePairs from "./tokenize-pairs.ts";
import tokenize from "./tokenize.ts";
import trainBiEncoder from "./train-bi-encoder.ts";
import trainContrastiveTension from "./train-contrastive-tension.ts";
import trainCrossEncoder from "./train-cross-encoder.ts";
import trainDiffcse from "./train-diffcse.ts";
import trainSbert from "./train-sbert.ts";
import trainSimbert from "./train-simbert.ts";
import trainMirrorBert from "./train-mirror-bert.ts";
import trainSimcse from "./train-simcse.ts";
import trainTokenizer from "./train-tokenizer.ts";
import trainWordVectors from "./train-word-vectors.ts";

import whiten from "./whiten.ts";

export const stages: ReadonlyArray<AnyStage> = [
  readSentences,
  readPairs,
  readLabelledSentences,
  readGroups,
  generateCorpus,
  sample,
  deduplicate,
  loadModel,
  loadCrossEncoder,
  trainTokenizer,
  tokenize,
  tokenizePairs,
  trainWordVectors,
  pretrainMlm,
  trainSimcse,
  whiten,
  trainContrastiveTension,
  trainDiffcse,
  trainSimbert,
  trainMirrorBert,
  pseudoLabel,
  averageScores,
  groupPairs,
  trainCrossEncoder,
  trainBiEncoder,
  trainSbert,
  generateParaphrases,
  evaluateSts,
  evaluateBinary,
  evaluateTransfer,
  summarizeMetrics,
  compareMethods,
  stopLoop,
];
