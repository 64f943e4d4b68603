/** Every stage there is, in the order of `pipeline stages`. Importing this is cheap: stages bring what they need when they run. */
import type { AnyStage } from "../src/core/Stage.ts";
import deduplicate from "./deduplicate.ts";
import generateCorpus from "./generate-corpus.ts";
import loadModel from "./load-model.ts";
import readPairs from "./read-pairs.ts";
import readSentences from "./read-sentences.ts";
import sample from "./sample.ts";
import tokenizePairs from "./tokenize-pairs.ts";
import tokenize from "./tokenize.ts";
import trainTokenizer from "./train-tokenizer.ts";

export const stages: ReadonlyArray<AnyStage> = [
  readSentences,
  readPairs,
  generateCorpus,
  sample,
  deduplicate,
  loadModel,
  trainTokenizer,
  tokenize,
  tokenizePairs,
];
