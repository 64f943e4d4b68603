/** Pipelines that train a tiny encoder on the generated corpus, in seconds. */

const start = `name: attacked
seed: 5
steps:
  corpus: { uses: generate-corpus, with: { sentences: 400 } }
  tokenizer: { uses: train-tokenizer, in: { sentences: corpus }, with: { vocabSize: 300 } }
  fresh:
    uses: load-model
    in: { tokenizer: tokenizer }
    with: { fresh: { layers: 1, hiddenSize: 16, heads: 2, maxPositions: 32 }, maxTokens: 16 }
  tokens: { uses: tokenize, in: { tokenizer: tokenizer, sentences: corpus } }
`;

/** One training of 100 updates. */
export const oneTraining = `${start}
  bi0:
    uses: train-simcse
    in: { model: fresh.model, sentences: tokens }
    with: { batchSize: 8, maxTokens: 16, epochs: 2, learningRate: 1e-3 }
`;

/** Every kind of training, each with what the one before it made. */
export const allTrainings = `${start}
  data: { uses: generate-corpus, with: { pairs: 300 } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: data.pairs } }
  backbone:
    uses: pretrain-mlm
    in: { model: fresh.model, sentences: tokens }
    with: { batchSize: 8, maxTokens: 16, epochs: 4, learningRate: 1e-3 }
  bi0:
    uses: train-simcse
    in: { model: backbone.model, sentences: tokens }
    with: { batchSize: 8, maxTokens: 16, epochs: 4, learningRate: 3e-4 }
  labels: { uses: pseudo-label, in: { pairs: pairs, encoder: bi0 } }
  cross:
    uses: train-cross-encoder
    in: { pairs: pairs, scores: labels, model: backbone.model }
    with: { batchSize: 8, maxTokens: 32, epochs: 3, learningRate: 1e-3 }
  scores: { uses: pseudo-label, in: { pairs: pairs, encoder: cross } }
  student:
    uses: train-bi-encoder
    in: { pairs: pairs, scores: scores, model: bi0 }
    with: { batchSize: 8, epochs: 5, learningRate: 1e-3 }
  groups: { uses: group-pairs, in: { pairs: data.pairs, scores: labels }, with: { threshold: 0.5 } }
  writer:
    uses: train-simbert
    in: { model: backbone.model, tokenizer: tokenizer, groups: groups }
    with: { batchSize: 8, maxTokens: 16, maxSteps: 60, epochs: 9, learningRate: 1e-3 }
`;
