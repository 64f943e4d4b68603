/**
 * A start for attention by which a cross-encoder can compare from its first update: the first layer aligns, the last averages.
 *
 * A fresh cross-encoder has to discover that tokens of the two sentences should look for each other, which small budgets never
 * pay for. Here queries and keys begin near the identity, so that a token looks for words like itself; the signs of the two
 * segments repel in the queries, so that it looks in the other sentence; and [SEP] takes the attention of tokens that find no
 * partner, so that the share of [SEP] in the output says how much was unmatched. The last layer hands the mean of all
 * tokens on to [CLS]. All of it is only where training starts. In a single sentence a token finds mostly itself, and little changes.
 *
 * Identity starts: Trockman, Kolter, "Mimetic Initialization of Self-Attention Layers", ICML 2023. Segments and sink are our own.
 */
import type { ModelConfig, SpecialTokens } from "../../nn/EncoderModel.ts";
import { random32, randomKey, type RandomKey } from "../../nn/random.ts";
import { embeddingTables, layerPrefix } from "../../nn/parameters.ts";
import type { Weights } from "../../nn/Weights.ts";

/** Root mean square of word vectors and of segment vectors, per dimension: words are four fifths of a token's energy. */
export const wordScale = 0.06;
const segmentScale = 0.03;

/** Factors on the identity: of queries and keys, of values times output in the first and in the last layer. */
const matching = 1;
const valueGain = 3;
const averageGain = 3;
/** Attention logits: how far the other segment is preferred to none, and what [SEP] gets from every token. */
const otherSegment = 1.5;
const sink = 3;

/** The same weights with attention made to align. Expects word vectors at `wordScale` in the word table. */
export function softAligner(weights: Weights, config: ModelConfig, special: SpecialTokens, seed: number): Weights {
  const { hiddenSize: dim, heads } = config;
  const copy = new Map([...weights].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]));
  const values = (name: string): Float32Array => copy.get(name)!.values;
  const { segment, sinkDirection } = signVectors(dim, heads, randomKey("soft-aligner", seed));
  for (let d = 0; d < dim; d++) {
    values(embeddingTables.type)[d] = segmentScale * segment[d]!;
    values(embeddingTables.type)[dim + d] = -segmentScale * segment[d]!;
    values(embeddingTables.word)[special.sep * dim + d] = wordScale * sinkDirection[d]!;
  }
  const first = `${layerPrefix(0)}attention.`;
  align(
    {
      query: values(`${first}self.query.weight`),
      queryBias: values(`${first}self.query.bias`),
      key: values(`${first}self.key.weight`),
    },
    dim / heads,
    segment,
    sinkDirection,
  );
  passOn(values(`${first}self.value.weight`), values(`${first}output.dense.weight`), dim, valueGain);
  if (config.layers > 1) {
    const last = `${layerPrefix(config.layers - 1)}attention.`;
    passOn(values(`${last}self.value.weight`), values(`${last}output.dense.weight`), dim, averageGain);
  }
  return copy;
}

interface Attention {
  readonly query: Float32Array;
  readonly queryBias: Float32Array;
  readonly key: Float32Array;
}

/** LayerNorm gives every dimension of a token variance 1, of which segments take the share `r` and words (or the sink) the rest. */
function align(attention: Attention, headDim: number, segment: Float64Array, sinkDirection: Float64Array): void {
  const dim = segment.length;
  const r = segmentScale ** 2 / (segmentScale ** 2 + wordScale ** 2);
  // Along the segment's direction the identity gives way to this, by which unlike segments gain `otherSegment` in the logit.
  const repulsion = -otherSegment / (matching * r * Math.sqrt(headDim));
  const bias = sink / (matching * Math.sqrt(headDim) * Math.sqrt(1 - r));
  for (let i = 0; i < dim; i++) {
    const head = Math.floor(i / headDim) * headDim;
    for (let j = head; j < head + headDim; j++) {
      const alongSegment = (segment[i]! * segment[j]!) / headDim;
      attention.query[i * dim + j]! += matching * ((i === j ? 1 : 0) - alongSegment) + repulsion * alongSegment;
    }
    attention.key[i * dim + i]! += matching;
    attention.queryBias[i]! += bias * sinkDirection[i]!;
  }
}

/** Values and output near the identity: what is attended to is added, times `gain`. */
function passOn(value: Float32Array, output: Float32Array, dim: number, gain: number): void {
  for (let i = 0; i < dim; i++) {
    value[i * dim + i]! += Math.sqrt(gain);
    output[i * dim + i]! += Math.sqrt(gain);
  }
}

/** Two vectors of +1 and -1, at right angles within every head (of even size). */
function signVectors(dim: number, heads: number, key: RandomKey) {
  const headDim = dim / heads;
  const segment = Float64Array.from({ length: dim }, (_, i) => (random32(key, i) & 1 ? 1 : -1));
  const sinkDirection = segment.map((sign, i) => (i % headDim < headDim / 2 ? sign : -sign));
  return { segment, sinkDirection };
}
