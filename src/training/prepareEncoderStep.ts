/**
 * From sequences to an update's program and feeds: what all methods share. Programs of equal shapes have equal keys, so that
 * the engine compiles each once; keys hold the models' shapes and the method's options too.
 *
 * A program has one encoder or several (docs/adr/0035): each with a batch, masks and parameters of its own, told apart by
 * prefixes of names.
 */
import type { Program } from "../engine/Engine.ts";
import { type LossProgram, withGradients } from "../engine/withGradients.ts";
import { type DropoutSite, dropoutMasks, dropoutSites, type EncodedRows } from "../nn/dropout.ts";
import type { ModelConfig } from "../nn/EncoderModel.ts";
import type { EncoderCall } from "../nn/modules/EncoderCall.ts";
import {
  batchInputs,
  defaultBatchPrefix,
  embeddingsInput,
  embeddingsName,
  packBatch,
  type PackedBatch,
  type Sequence,
} from "../nn/PackedBatch.ts";
import { embeddingWidth } from "../nn/parameters.ts";
import { defaultLayoutPolicy, type LayoutPolicy, shapeKey } from "../nn/PackedLayout.ts";
import type { Feeds, Tensors, TensorSpec } from "../nn/TensorSpec.ts";
import type { Encoding, PreparedStep } from "./Method.ts";

/** An encoder of a program. */
export interface StepEncoder {
  readonly config: ModelConfig;
  /** Before the names of its batch's inputs and masks: one for each encoder of a program. Default `batch`. */
  readonly inputs?: string;
  /** Before the names of its parameters: nothing, or `second.`. Encoders of equal prefixes share their weights. Default nothing. */
  readonly parameters?: string;
  /** Its parameters are not trained: no gradient of its embedding rows is asked for. Default false. */
  readonly isFrozen?: boolean;
  /** Tokens of this id are padding, whose word is not trained, wherever they stand, and no others. Default: what stands behind a sequence's `visible` tokens. */
  readonly paddingId?: number;
  /** Whether the word of padding is trained as any other, as in TensorFlow. Default false, as in PyTorch. */
  readonly trainsPadding?: boolean;
  /** The longest a sequence can be: no row is padded beyond. Default: the model's positions. */
  readonly maxLength?: number | undefined;
  /** Which hidden states are read. */
  readonly encoded: EncodedRows;
  /** Whether rows of first tokens are dropped too, as a cross-encoder's head does. Default false. */
  readonly headDropout?: boolean;
  /** Of the dropout masks: another for each encoder of a program. */
  readonly seed: number;
}

/** At least one. */
export type StepEncoders = readonly [StepEncoder, ...ReadonlyArray<StepEncoder>];
/** One for each encoder, in their order. */
export type OfEach<Encoders extends StepEncoders, A> = { readonly [i in keyof Encoders]: A };

interface Steps<Encoders extends StepEncoders> {
  /** Name and options of the method: with the shapes, all that decides the program. */
  readonly key: string;
  readonly encoders: Encoders;
  /** What the program takes as inputs and nothing changes (`Method.frozen`), by full names: all but tables that are only looked up. */
  readonly frozen?: ReadonlyArray<TensorSpec>;
}

export interface EncoderSteps<Encoders extends StepEncoders> extends Steps<Encoders> {
  /** What is trained and the program takes as inputs, likewise. */
  readonly parameters: ReadonlyArray<TensorSpec>;
  readonly loss: (calls: OfEach<Encoders, EncoderCall>, tensors: Tensors) => ReturnType<LossProgram["build"]>;
}

/** Steps that train nothing: what comes before a part. */
export interface ForwardSteps<Encoders extends StepEncoders> extends Steps<Encoders> {
  readonly outputs: (calls: OfEach<Encoders, EncoderCall>, tensors: Tensors) => Tensors;
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

const inputsOf = ({ inputs }: StepEncoder): string => inputs ?? defaultBatchPrefix;

/** Prepares what goes through the encoders. */
export interface Preparation<Encoders extends StepEncoders> {
  /** @param encoder its index; default the first */
  readonly pack: (sequences: ReadonlyArray<Sequence>, encoder?: number) => PackedBatch;
  /**
   * Mask buffers are used again by the next call.
   * @param batches of each encoder
   * @param examples of a part of a batch: for each encoder, the index in its batch of each of its sequences
   */
  readonly prepare: (
    step: number,
    batches: OfEach<Encoders, PackedBatch>,
    extra: Extra,
    examples?: OfEach<Encoders, ArrayLike<number>>,
  ) => PreparedStep;
}

/** Steps with a loss and the gradients of all that is trained. */
export const encoderSteps = <const Encoders extends StepEncoders>(
  steps: EncoderSteps<Encoders>,
): Preparation<Encoders> =>
  preparation(steps, [...steps.parameters, ...(steps.frozen ?? [])], (inputs, encoded) => {
    const trained = encoded.filter(({ encoder }) => encoder.isFrozen !== true);
    return withGradients({
      ...inputs,
      key: `train|${inputs.key}`,
      wrt: [
        ...steps.parameters.map(({ name }) => name),
        ...trained.map(({ encoder }) => embeddingsName(inputsOf(encoder))),
      ],
      build: (tensors) => steps.loss(callsOf<Encoders>(encoded, tensors), tensors),
    });
  });

/** Steps without. */
export const forwardSteps = <const Encoders extends StepEncoders>(
  steps: ForwardSteps<Encoders>,
): Preparation<Encoders> =>
  preparation(steps, steps.frozen ?? [], (inputs, encoded) => ({
    ...inputs,
    key: `forward|${inputs.key}`,
    build: (tensors) => steps.outputs(callsOf<Encoders>(encoded, tensors), tensors),
  }));

/** @param program from key and inputs, and what was packed, to all of it */
function preparation<Encoders extends StepEncoders>(
  { key, encoders }: Steps<Encoders>,
  parameters: ReadonlyArray<TensorSpec>,
  program: (inputs: Pick<Program, "key" | "inputs">, encoded: ReadonlyArray<EncodedBatch>) => Program,
): Preparation<Encoders> {
  const buffers: { [name: string]: Uint8Array } = {};
  return {
    pack: (sequences, encoder = 0) => {
      const { config, inputs, paddingId, trainsPadding, maxLength = config.maxPositions } = encoders[encoder]!;
      const options = inputs === undefined ? {} : { prefix: inputs };
      const batch = packBatch(sequences, { policy, maxLength, paddingId, ...options });
      return trainsPadding === true ? { ...batch, isPadding: new Uint8Array(batch.isPadding.length) } : batch;
    },
    prepare: (step, batches, extra, examples) => {
      const encoded = encoders.map((encoder, i): EncodedBatch => {
        const { config, encoded, headDropout, seed } = encoder;
        const batch = batches[i]!;
        const sites = dropoutSites(config, batch.shape, encoded, headDropout, inputsOf(encoder));
        const counter = { seed, step, ...(examples === undefined ? {} : { examples: examples[i]! }) };
        const masks = dropoutMasks(sites, batch, counter, buffers);
        Object.assign(buffers, masks);
        return { encoder, batch, sites, feeds: { ...batch.feeds, ...masks } };
      });
      const inputs = [...parameters, ...encoded.flatMap(inputsOfEncoder), ...extra.inputs];
      return {
        program: program({ key: keyOf(key, encoded, extra), inputs }, encoded),
        parameters: parameters.map(({ name }) => name),
        encodings: encoded.map(encodingOf) as [Encoding, ...Array<Encoding>], // cast: one for each encoder
        feeds: Object.assign({}, ...encoded.map(({ feeds }) => feeds), extra.feeds) as Feeds,
      };
    },
  };
}

interface EncodedBatch {
  readonly encoder: StepEncoder;
  readonly batch: PackedBatch;
  readonly sites: ReadonlyArray<DropoutSite>;
  readonly feeds: Feeds;
}

const encodingOf = ({ encoder, batch }: EncodedBatch): Encoding => ({
  config: encoder.config,
  batch,
  inputs: inputsOf(encoder),
  parameters: encoder.parameters ?? "",
});

function keyOf(key: string, encoded: ReadonlyArray<EncodedBatch>, extra: Extra): string {
  const shapes = encoded.map(
    ({ encoder, batch }) =>
      `${JSON.stringify(encoder.config)}|${shapeKey(batch.shape)}${encoder.isFrozen === true ? "|frozen" : ""}`,
  );
  return [key, ...shapes, shapesKey(extra.inputs)].join("|");
}

export const shapesKey = (inputs: ReadonlyArray<TensorSpec>): string =>
  inputs.map(({ name, shape }) => `${name}[${shape.join()}]`).join();

const inputsOfEncoder = ({ encoder, batch: { shape }, sites }: EncodedBatch): ReadonlyArray<TensorSpec> => [
  embeddingsInput(shape, embeddingWidth(encoder.config), inputsOf(encoder)),
  ...batchInputs(shape, inputsOf(encoder)),
  ...sites,
];

const callOf = ({ encoder, batch, sites }: EncodedBatch, tensors: Tensors): EncoderCall => ({
  config: encoder.config,
  shape: batch.shape,
  tensors,
  dropout: sites,
  prefix: inputsOf(encoder),
  parameters: encoder.parameters ?? "",
});

const callsOf = <Encoders extends StepEncoders>(encoded: ReadonlyArray<EncodedBatch>, tensors: Tensors) =>
  encoded.map((each) => callOf(each, tensors)) as unknown as OfEach<Encoders, EncoderCall>; // cast: one for each encoder
