/**
 * BERT in the plain formulation: rows padded to the longest, `[rows, length, dim]`, one batch, tables looked up by gather, every
 * formula composed of tfjs's elementary operations, all tokens computed in every layer. Packing, length groups, first-token
 * short cuts and kernels of our own are held to it. Dropout masks are the same ones, since they follow from counters.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { EngineShape, Program } from "../../src/engine/Engine.ts";
import { gradientName, withGradients } from "../../src/engine/withGradients.ts";
import { dropoutInputName, dropoutMasks, dropoutSites, dropoutSiteNumbers, keptScale } from "../../src/nn/dropout.ts";
import { weightValues } from "../../src/nn/embeddingRows.ts";
import type { ModelConfig, Pooling } from "../../src/nn/EncoderModel.ts";
import { defaultBatchPrefix, packBatch, type Sequence } from "../../src/nn/PackedBatch.ts";
import { paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { embeddingTables, headParameters, layerPrefix } from "../../src/nn/parameters.ts";
import type { Feeds, Tensors, TensorSpec } from "../../src/nn/TensorSpec.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import type { StepGradients } from "./stepGradients.ts";

export interface PlainTraining {
  readonly config: ModelConfig;
  /** All that is trained. */
  readonly weights: Weights;
  readonly sequences: ReadonlyArray<Sequence>;
  /** Of the dropout masks. */
  readonly counter: { readonly seed: number; readonly step: number };
  /** What the loss is computed of: embeddings `[rows, dim]`, or one logit a row `[rows]`. */
  readonly result: Pooling | "logits";
  readonly loss: (result: tf.Tensor, tensors: Tensors) => tf.Tensor;
}

/** The loss and the gradient of every parameter, by name. */
export async function runPlain(engine: EngineShape, training: PlainTraining): Promise<StepGradients> {
  const { program, feeds } = plainProgram(training);
  const outputs = await (await engine.compile(program)).run(feeds);
  return {
    loss: outputs["loss"]![0]!,
    gradients: new Map([...training.weights.keys()].map((name) => [name, outputs[gradientName(name)]!])),
  };
}

const inputNames = {
  ids: "plain.ids",
  types: "plain.types",
  positions: "plain.positions",
  mask: "plain.mask",
  seen: "plain.seen",
  paddingWords: "plain.paddingWords",
  isPadding: "plain.isPadding",
} as const;

let programs = 0;

const int = (name: string, shape: ReadonlyArray<number>): TensorSpec => ({ name, shape, dtype: "int32" });

/** Padding takes the first row of each table: nothing reads what comes of it. */
const filled = (values: Int32Array) => values.map((value) => Math.max(0, value));

function plainProgram(training: PlainTraining): { readonly program: Program; readonly feeds: Feeds } {
  const { config, weights, sequences, counter, result, loss } = training;
  const batch = packBatch(sequences, { policy: paddedLayoutPolicy });
  const [rows, length] = [sequences.length, batch.shape.groups[0]!.length];
  const sites = dropoutSites(config, batch.shape, "all", result === "logits");
  const plane = [rows, length];
  const parameters = [...weights].map(([name, { shape }]): TensorSpec => ({ name, shape, dtype: "float32" }));
  const program = withGradients({
    key: `plain ${programs++}`,
    inputs: [
      ...parameters,
      ...[inputNames.ids, inputNames.types, inputNames.positions].map((name) => int(name, plane)),
      { name: inputNames.mask, shape: plane, dtype: "float32" },
      { name: inputNames.seen, shape: [rows, length, length], dtype: "float32" },
      { name: inputNames.isPadding, shape: [rows, length, 1], dtype: "float32" },
      { name: inputNames.paddingWords, shape: [rows, length, config.hiddenSize], dtype: "float32" },
      int("plain.order", [rows]),
      ...sites,
    ],
    wrt: parameters.map(({ name }) => name),
    build: (tensors) => {
      const encoder = new PlainEncoder(config, tensors, rows, length);
      const ofRows = result === "logits" ? encoder.logits() : encoder.embed(result);
      return { loss: loss(tf.gather(ofRows, tensors["plain.order"] as tf.Tensor1D), tensors) };
    },
  });
  const feeds = {
    ...Object.fromEntries(weightValues(weights)),
    [inputNames.ids]: filled(batch.ids),
    [inputNames.types]: filled(batch.types),
    [inputNames.positions]: filled(batch.positions),
    [inputNames.mask]: Float32Array.from(batch.ids, (id) => (id < 0 ? 0 : 1)),
    [inputNames.seen]: seenBy(batch.order, sequences, length),
    ...paddingFeeds(training, batch.order, length),
    // The layout sorts rows by length: back to the caller's order.
    "plain.order": Int32Array.from({ length: rows }, (_, example) => batch.order.indexOf(example)),
    ...dropoutMasks(sites, batch, counter),
  };
  return { program, feeds };
}

/** Words of padding, which learn nothing, as numbers: [rows, length, dim], 0 for all other tokens; and which they are. */
function paddingFeeds({ config, weights, sequences }: PlainTraining, order: Int32Array, length: number): Feeds {
  const dim = config.hiddenSize;
  const words = weights.get(embeddingTables.word)!.values;
  const isPadding = new Float32Array(order.length * length);
  const paddingWords = new Float32Array(order.length * length * dim);
  order.forEach((example, row) => {
    const { ids, visible } = sequences[example]!;
    for (let i = typeof visible === "number" ? visible : ids.length; i < ids.length; i++) {
      isPadding[row * length + i] = 1;
      paddingWords.set(words.subarray(ids[i]! * dim, (ids[i]! + 1) * dim), (row * length + i) * dim);
    }
  });
  return { [inputNames.isPadding]: isPadding, [inputNames.paddingWords]: paddingWords };
}

/** [rows, length, length] 1 where the query of the second axis sees the key of the third: each pair asked by itself. */
function seenBy(order: Int32Array, sequences: ReadonlyArray<Sequence>, length: number): Float32Array {
  const cell = (example: number, query: number, key: number): number => {
    const { ids, types = new Int32Array(ids.length), visible } = sequences[example]!;
    if (key >= ids.length) return 0;
    if (typeof visible === "number") return key < visible ? 1 : 0;
    if (visible === undefined || query >= ids.length) return 1;
    const sum = (to: number) => types.slice(0, to + 1).reduce((a, b) => a + b, 0);
    return sum(key) <= sum(query) ? 1 : 0;
  };
  return Float32Array.from({ length: order.length * length * length }, (_, i) =>
    cell(order[Math.floor(i / length ** 2)]!, Math.floor(i / length) % length, i % length),
  );
}

class PlainEncoder {
  private readonly config: ModelConfig;
  private readonly tensors: Tensors;
  private readonly rows: number;
  private readonly length: number;

  constructor(config: ModelConfig, tensors: Tensors, rows: number, length: number) {
    this.config = config;
    this.tensors = tensors;
    this.rows = rows;
    this.length = length;
  }

  /** [rows, dim] */
  embed(pooling: Pooling): tf.Tensor {
    const states = this.states();
    const hidden = states.at(-1)!;
    if (pooling === "cls") return this.first(hidden);
    const mask = tf.expandDims(this.tensor(inputNames.mask), -1); // [rows, length, 1]
    const mean = (x: tf.Tensor) => tf.div(tf.sum(tf.mul(x, mask), 1), tf.sum(mask, 1));
    if (pooling === "first-last") return tf.div(tf.add(mean(states[1]!), mean(hidden)), 2);
    if (pooling !== "max") return mean(hidden);
    return tf.max(tf.add(hidden, tf.mul(tf.sub(mask, 1), 1e9)), 1);
  }

  /** [rows] */
  logits(): tf.Tensor {
    const pooled = tf.tanh(this.linear(this.first(this.states().at(-1)!), "pooler.dense"));
    const kept = this.dropped(pooled, dropoutSiteNumbers.head(this.config.layers), this.config.hiddenDropout);
    const logits = tf.add(
      tf.matMul(kept, this.tensor(headParameters.classifierWeight), false, true),
      this.tensor(headParameters.classifierBias),
    );
    return tf.reshape(logits, [this.rows]);
  }

  private tensor(name: string): tf.Tensor {
    return this.tensors[name]!;
  }

  private first(hidden: tf.Tensor): tf.Tensor {
    return tf.reshape(tf.slice(hidden, [0, 0, 0], [this.rows, 1, this.config.hiddenSize]), [this.rows, -1]);
  }

  /** Before all layers, then after each: [rows, length, dim]. */
  private states(): ReadonlyArray<tf.Tensor> {
    const { hiddenDropout, layers } = this.config;
    const look = (table: string, at: string) => tf.gather(this.tensor(table), this.tensor(at) as tf.Tensor2D);
    const learned = tf.sub(1, this.tensor(inputNames.isPadding)); // [rows, length, 1]
    const summed = tf.addN([
      tf.mul(look(embeddingTables.word, inputNames.ids), learned),
      this.tensor(inputNames.paddingWords),
      look(embeddingTables.position, inputNames.positions),
      look(embeddingTables.type, inputNames.types),
    ]);
    let x = this.dropped(this.norm(summed, "embeddings.LayerNorm"), dropoutSiteNumbers.embeddings, hiddenDropout);
    const states = [x];
    for (let layer = 0; layer < layers; layer++) {
      const prefix = layerPrefix(layer);
      const attended = this.linear(this.attention(x, layer), `${prefix}attention.output.dense`);
      const middle = this.norm(
        tf.add(this.dropped(attended, dropoutSiteNumbers.attentionOutput(layer), hiddenDropout), x),
        `${prefix}attention.output.LayerNorm`,
      );
      const narrow = this.linear(gelu(this.linear(middle, `${prefix}intermediate.dense`)), `${prefix}output.dense`);
      const out = this.dropped(narrow, dropoutSiteNumbers.feedForwardOutput(layer), hiddenDropout);
      x = this.norm(tf.add(out, middle), `${prefix}output.LayerNorm`);
      states.push(x);
    }
    return states;
  }

  private attention(x: tf.Tensor, layer: number): tf.Tensor {
    const { heads, hiddenSize, attentionDropout } = this.config;
    const size = hiddenSize / heads;
    const split = (name: string) =>
      tf.transpose(
        tf.reshape(this.linear(x, `${layerPrefix(layer)}attention.self.${name}`), [
          this.rows,
          this.length,
          heads,
          size,
        ]),
        [0, 2, 1, 3],
      ); // [rows, heads, length, size]
    const scores = tf.div(tf.matMul(split("query"), split("key"), false, true), Math.sqrt(size));
    const masked = tf.mul(tf.sub(tf.expandDims(this.tensor(inputNames.seen), 1), 1), 1e9); // [rows, 1, length, length]
    const weights = tf.softmax(tf.add(scores, masked));
    const kept = this.dropped(weights, dropoutSiteNumbers.attention(layer), attentionDropout, 0);
    const context = this.headsDropped(tf.matMul(kept, split("value")), layer);
    return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [this.rows, this.length, hiddenSize]);
  }

  /** Each head by itself: zero, or scaled by heads / kept. */
  private headsDropped(x: tf.Tensor, layer: number): tf.Tensor {
    const mask = this.tensors[dropoutInputName(defaultBatchPrefix, dropoutSiteNumbers.attentionHeads(layer), 0)];
    if (mask === undefined) return x;
    const heads = tf.split(tf.cast(mask, "float32"), this.config.heads, 1);
    const kept = heads.reduce((sum, head) => tf.add(sum, head));
    const scaled = tf
      .split(x, this.config.heads, 1)
      .map((head, i) => tf.div(tf.mul(head, tf.mul(heads[i]!, heads.length)), kept));
    return tf.concat(scaled, 1);
  }

  /** Over the last axis. */
  private linear(x: tf.Tensor, name: string): tf.Tensor {
    const weight = this.tensor(`${name}.weight`);
    const flat = tf.reshape(x, [-1, weight.shape[1]!]);
    const product = tf.add(tf.matMul(flat, weight, false, true), this.tensor(`${name}.bias`));
    return tf.reshape(product, [...x.shape.slice(0, -1), weight.shape[0]!]);
  }

  private norm(x: tf.Tensor, name: string): tf.Tensor {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), this.config.layerNormEps));
    return tf.add(tf.mul(tf.div(centred, deviation), this.tensor(`${name}.weight`)), this.tensor(`${name}.bias`));
  }

  private dropped(x: tf.Tensor, site: number, rate: number, group?: number): tf.Tensor {
    const mask = this.tensors[dropoutInputName(defaultBatchPrefix, site, group)];
    if (mask === undefined) return x;
    return tf.mul(tf.mul(x, tf.reshape(tf.cast(mask, "float32"), x.shape)), keptScale(rate));
  }
}

const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1));
