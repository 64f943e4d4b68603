/**
 * Runs a model over any number of sequences: sorted by length, in small batches of few shapes, results in the caller's order.
 *
 * A batch has rows of one length (rounded up), and the number of its rows follows from that length; so a job meets a handful
 * of shapes however many sequences it has, and most of what is computed is real tokens. Weights are inputs of the program, so that
 * models of one shape share programs, and each program holds none: packing them ahead for each shape would take twice the
 * memory and no less time. Only 8-bit weights are part of a program, where they are made.
 */
import type { EngineShape, Program } from "../engine/Engine.ts";
import { embeddingRows, weightValues } from "../nn/embeddingRows.ts";
import type { EncoderModel } from "../nn/EncoderModel.ts";
import type { EncoderCall } from "../nn/modules/EncoderCall.ts";
import {
  batchInputs,
  embeddingsInput,
  embeddingsName,
  packBatch,
  type PackedBatch,
  type Sequence,
} from "../nn/PackedBatch.ts";
import { denseName, embeddingWidth } from "../nn/parameters.ts";
import { type LayoutPolicy, shapeKey } from "../nn/PackedLayout.ts";
import type { Feeds, TensorSpec } from "../nn/TensorSpec.ts";
import type { Float32Tensor, Weights } from "../nn/Weights.ts";
import type * as tf from "@tensorflow/tfjs-core";
import type { Precision } from "./options.ts";

export interface InferenceOptions {
  /** Default float32. */
  readonly precision?: Precision;
  /** Rows done so far, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** True once the caller wants no more batches. */
  readonly isInterrupted?: () => boolean;
}

/** The caller asked to stop. */
export class InferenceInterrupted extends Error {
  constructor(done: number, total: number) {
    super(`Interrupted after ${done} of ${total} rows.`);
    this.name = "InferenceInterrupted";
  }
}

/** What is computed of each sequence. */
export interface Head {
  readonly key: string;
  /** Parameters besides the tables. */
  readonly parameters: ReadonlyArray<TensorSpec>;
  /** Numbers a row. */
  readonly width: number;
  /** The longest a sequence can be: none is padded beyond. */
  readonly maxLength: number;
  /** Further inputs of a batch's program, with their values. Default none. */
  readonly inputs?: (batch: PackedBatch) => { readonly specs: ReadonlyArray<TensorSpec>; readonly feeds: Feeds };
  /** @returns [sequences, width] or [sequences] for a width of 1, in the caller's order */
  readonly build: (call: EncoderCall) => tf.Tensor;
}

/** Rows × length of a batch: small enough to stay in caches, large enough to keep the cores busy. */
const slotsOfBatch = 1024;
const mostRows = 128;

/** @returns [sequences, width], row i for sequence i */
export async function runInBatches(
  model: EncoderModel,
  head: Head,
  sequences: ReadonlyArray<Sequence>,
  engine: EngineShape,
  options: InferenceOptions = {},
): Promise<Float32Array> {
  const results = new Float32Array(sequences.length * head.width);
  const values = weightValues(model.weights);
  const precision = options.precision ?? "float32";
  let done = 0;
  for (const { rows, length } of batchesByLength(sequences, head.maxLength)) {
    if (options.isInterrupted?.() === true) throw new InferenceInterrupted(done, sequences.length);
    const filled = filledUp(rows, rowsOfBatch(length)).map((row) => sequences[row]!);
    const batch = packBatch(filled, { policy: policyFor(length), maxLength: head.maxLength });
    const executable = await engine.compile(programFor(model, head, batch, precision));
    const output = (await executable.run(feedsOf(model, head, batch, values, precision)))["output"]!;
    rows.forEach((row, i) => results.set(output.subarray(i * head.width, (i + 1) * head.width), row * head.width));
    done += rows.length;
    options.onProgress?.(done, sequences.length);
  }
  return results;
}

interface BatchRows {
  readonly rows: ReadonlyArray<number>;
  /** What the longest of them is padded to. */
  readonly length: number;
}

/** Lengths that batches are padded to: steps of 8, further apart where sequences are long. */
const roundedUp = (length: number, maxLength: number): number => {
  const step = length <= 32 ? 8 : 16;
  return Math.min(maxLength, Math.ceil(length / step) * step);
};

/** A power of two, as the filled-up last batch. */
const rowsOfBatch = (length: number): number =>
  Math.max(1, Math.min(mostRows, 2 ** Math.floor(Math.log2(slotsOfBatch / length))));

/** One rectangle as long as asked for, tokens lying in it as they are: one shape for a length, whatever its sequences are. */
const policyFor = (length: number): LayoutPolicy => ({
  lengthMultiple: length,
  maxGroups: 1,
  minGroupRows: 1,
  minTokenStep: Number.POSITIVE_INFINITY,
});

/** Full batches of each length, shortest first; what is left over of one length fills up the next. */
function batchesByLength(sequences: ReadonlyArray<Sequence>, maxLength: number): ReadonlyArray<BatchRows> {
  const byLength = Map.groupBy(sequences.keys(), (row) => roundedUp(sequences[row]!.ids.length, maxLength));
  const lengths = [...byLength.keys()].sort((a, b) => a - b);
  const batches: Array<BatchRows> = [];
  let left: ReadonlyArray<number> = [];
  for (const length of lengths) {
    const rows = [...left, ...byLength.get(length)!];
    const size = rowsOfBatch(length);
    const isLast = length === lengths.at(-1);
    const taken = isLast ? rows.length : rows.length - (rows.length % size);
    for (let from = 0; from < taken; from += size) batches.push({ rows: rows.slice(from, from + size), length });
    left = rows.slice(taken);
  }
  return batches;
}

/** The last batch is filled with its own rows again, up to the next power of two. */
function filledUp(rows: ReadonlyArray<number>, size: number): ReadonlyArray<number> {
  const wanted = Math.min(size, 2 ** Math.ceil(Math.log2(rows.length)));
  return Array.from({ length: wanted }, (_, i) => rows[i % rows.length]!);
}

function programFor(model: EncoderModel, head: Head, batch: PackedBatch, precision: Precision): Program {
  const { config, weights } = model;
  const isFed = precision === "float32";
  const { shape } = batch;
  const parameters = isFed ? head.parameters : [];
  const more = head.inputs?.(batch).specs ?? [];
  return {
    key: `infer|${head.key}|${JSON.stringify(config)}|${shapeKey(shape)}|${isFed ? "" : `${precision} ${identityOf(weights)}`}`,
    inputs: [...parameters, embeddingsInput(shape, embeddingWidth(config)), ...batchInputs(shape), ...more],
    ...(isFed ? {} : { constants: quantizedConstants(model, head) }),
    build: (tensors) => ({ output: head.build({ config, shape, tensors }) }),
  };
}

const quantizedConstants = ({ weights }: EncoderModel, { parameters }: Head): NonNullable<Program["constants"]> =>
  Object.fromEntries(
    parameters.map(({ name }) => {
      const tensor = weights.get(name)!;
      return [name, { ...tensor, quantized: isInt8(name, tensor) }];
    }),
  );

/** All matrices but those on pooled states, which are too little work to lose precision for. */
const isInt8 = (name: string, { shape }: Float32Tensor): boolean =>
  shape.length === 2 && !name.startsWith("classifier.") && !name.startsWith(`${denseName}.`);

function feedsOf(
  { config }: EncoderModel,
  head: Head,
  batch: PackedBatch,
  values: ReadonlyMap<string, Float32Array>,
  precision: Precision,
): Feeds {
  const parameters =
    precision === "float32" ? head.parameters.map(({ name }) => [name, values.get(name)!] as const) : [];
  return {
    ...Object.fromEntries(parameters),
    ...batch.feeds,
    ...head.inputs?.(batch).feeds,
    [embeddingsName()]: embeddingRows(values, batch, config),
  };
}

/** Programs that hold weights are told apart by the object that held them: cheaper than a digest, and never equal by chance. */
const identities = new WeakMap<Weights, number>();
let nextIdentity = 1;

function identityOf(weights: Weights): number {
  const known = identities.get(weights);
  if (known !== undefined) return known;
  identities.set(weights, nextIdentity);
  return nextIdentity++;
}
