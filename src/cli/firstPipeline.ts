/** The text of the pipeline that `init` writes: an encoder learns from text alone, on the user's or on a generated one. */

interface FirstPipeline {
  readonly name: string;
  /** The schema's path from the file. */
  readonly schema: string;
  /** The path, or glob, of the user's text from the file; without it the text is generated, and there are pairs to be scored on. */
  readonly text: string | undefined;
}

export function firstPipeline({ name, schema, text }: FirstPipeline): string {
  const isGenerated = text === undefined;
  return `# yaml-language-server: $schema=${schema}
# A small sentence encoder learns from text alone${isGenerated ? ", and is scored before and after" : ""}.
#
#   pipeline run pipeline.yaml
#   pipeline plan pipeline.yaml --set epochs=2        what a change would run again, and why
#   pipeline encode pipeline.yaml "a first text" "a second one"
#   pipeline stages                                    what else there is
name: ${JSON.stringify(name)}
seed: 2021
params:
  epochs: 1 # passes over the sentences
steps:
${isGenerated ? generated : ownText(text)}
  tokenizer: { uses: train-tokenizer, in: { sentences: corpus }, with: { vocabSize: 2000 } }
  tokens: { uses: tokenize, in: { tokenizer: tokenizer, sentences: corpus } }

  # A small fresh BERT, whose word table is counted from the text.
  blank:
    uses: load-model
    in: { tokenizer: tokenizer }
    with: { fresh: { layers: 2, hiddenSize: 128, heads: 4, maxPositions: 64 }, maxTokens: 32 }
  counted: { uses: train-word-vectors, in: { model: blank.model, sentences: tokens }, with: { align: true } }

  # SimCSE: a sentence is like itself under another dropout, and unlike the others.
  trained:
    # How it runs is no part of its key: timeout: 2h, retry: 2, resources: { cpu: 2, memory: 4GB }, pin: true
    uses: train-simcse
    in: { model: counted.model, sentences: tokens }
    with: { pooling: mean, batchSize: 64, learningRate: 3e-4, epochs: "\${params.epochs}" }
${isGenerated ? evaluations : evaluationHint}
outputs: { encoder: trained }
`;
}

const generated = `  # 5,000 English sentences of a built-in grammar; for text of your own, one sentence a line:
  # corpus: { uses: read-sentences, with: { path: "data/*.txt" } }
  corpus: { uses: generate-corpus, with: { sentences: 5000 } }
`;

const ownText = (path: string): string => `  corpus: { uses: read-sentences, with: { path: ${JSON.stringify(path)} } }
`;

const evaluations = `
  # Pairs with a gold score, which nothing learns from.
  benchmark: { uses: generate-corpus, with: { pairs: 500, split: test } }
  testPairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: benchmark.pairs } }
  before: { uses: evaluate-sts, in: { encoder: counted.encoder, pairs: testPairs, gold: benchmark.gold } }
  after: { uses: evaluate-sts, in: { encoder: trained, pairs: testPairs, gold: benchmark.gold } }`;

const evaluationHint = `
  # To score it, take these three lines in and name a file with a header and the columns sentence1, sentence2 and score, tabs between:
  # benchmark: { uses: read-pairs, with: { path: pairs.tsv } }
  # testPairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: benchmark.pairs } }
  # after: { uses: evaluate-sts, in: { encoder: trained, pairs: testPairs, gold: benchmark.gold } }`;
