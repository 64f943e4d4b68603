/**
 * From sequences to an update's program and feeds: what all methods share. Programs of equal shapes have equal keys, so that
 * the engine compiles each once; keys hold the model's shape and the method's options too.
 */
import { withGradients } from "../engine/withGradients.ts";
import { type DropoutSite, dropoutMasks, dropoutSites, type EncodedRows } from "../nn/dropout.ts";
import type { ModelConfig } from "../nn/EncoderModel.ts";
import type { EncoderCall } from "../nn/modules/EncoderCall.ts";
import {
  batchInputs,
  embeddingsInput,
  embeddingsName,
  packBatch,
  type PackedBatch,
  type Sequence,
} from "../nn/PackedBatch.ts";
import { embeddingWidth } from "../nn/parameters.ts";
import { defaultLayoutPolicy, type LayoutPolicy, shapeKey } from "../nn/PackedLayout.ts";
import type { Feeds, Tensors, TensorSpec } from "../nn/TensorSpec.ts";
import type { LossProgram } from "../engine/withGradients.ts";
import type { PreparedStep } from "./Method.ts";

export interface EncoderSteps {
  /** Name and options of the method: with the shapes, all that decides the program. */
  readonly key: string;
  readonly config: ModelConfig;
  /** Parameters that the program takes as inputs: all but the tables that are only looked up. */
  readonly parameters: ReadonlyArray<TensorSpec>;
  /** Which hidden states are read. */
  readonly encoded: EncodedRows;
  /** Whether rows of first tokens are dropped too, as a cross-encoder's head does. */
  readonly headDropout: boolean;
  /** Of the dropout masks. */
  readonly seed: number;
  readonly loss: (call: EncoderCall, tensors: Tensors) => ReturnType<LossProgram["build"]>;
}

/** What one method adds to a batch: further inputs with their values. */
export interface Extra {
  readonly inputs: ReadonlyArray<TensorSpec>;
  readonly feeds: Feeds;
}

/**
 * Coarser than the default: each shape costs a compilation of its own, and an engine keeps few of them. On pairs of STS, 32 to
 * a batch, this gives 7 shapes instead of 50, for 4 % more token rows and 10 % more of attention's.
 */
const policy: LayoutPolicy = { ...defaultLayoutPolicy, lengthMultiple: 16, minTokenStep: 128 };

/** Prepares what goes through the encoder, one after the other: mask buffers are used again by the next. */
export function encoderSteps(steps: EncoderSteps): {
  readonly pack: (sequences: ReadonlyArray<Sequence>) => PackedBatch;
  /** @param examples of a part of a batch: the index in the batch of each of its sequences */
  readonly prepare: (step: number, batch: PackedBatch, extra: Extra, examples?: ArrayLike<number>) => PreparedStep;
} {
  const buffers: { [name: string]: Uint8Array } = {};
  const { config, parameters } = steps;
  return {
    pack: (sequences) => packBatch(sequences, { policy, maxLength: config.maxPositions }),
    prepare: (step, batch, extra, examples) => {
      const sites = dropoutSites(config, batch.shape, steps.encoded, steps.headDropout);
      const counter = { seed: steps.seed, step, ...(examples === undefined ? {} : { examples }) };
      const masks = dropoutMasks(sites, batch, counter, buffers);
      Object.assign(buffers, masks);
      return {
        program: stepProgram(steps, batch, sites, extra),
        parameters: parameters.map(({ name }) => name),
        batch,
        feeds: { ...batch.feeds, ...masks, ...extra.feeds },
      };
    },
  };
}

function stepProgram(
  { key, config, parameters, loss }: EncoderSteps,
  { shape }: PackedBatch,
  dropout: ReadonlyArray<DropoutSite>,
  extra: Extra,
): PreparedStep["program"] {
  const embeddings = embeddingsInput(shape, embeddingWidth(config));
  const extraShapes = extra.inputs.map((input) => `${input.name}[${input.shape.join()}]`).join();
  return withGradients({
    key: `train|${key}|${JSON.stringify(config)}|${shapeKey(shape)}|${extraShapes}`,
    inputs: [...parameters, embeddings, ...batchInputs(shape), ...dropout, ...extra.inputs],
    wrt: [...parameters.map(({ name }) => name), embeddingsName()],
    build: (tensors) => loss({ config, shape, tensors, dropout }, tensors),
  });
}
