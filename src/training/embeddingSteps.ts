/**
 * Updates whose loss is a function of embeddings alone, as contrastive ones are: encoders make matrices of embeddings, the loss
 * takes them. A batch that is small enough goes through at once; a larger one in pieces, by gradient caching (docs/adr/0032),
 * with the same numbers to rounding.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type LossProgram, withGradients } from "../engine/withGradients.ts";
import type { EncoderCall } from "../nn/modules/EncoderCall.ts";
import type { Sequence } from "../nn/PackedBatch.ts";
import { tensorNamed, type Tensors, type TensorSpec } from "../nn/TensorSpec.ts";
import { type CachedPart, type EmbeddedPiece, pieceNames, type ReadyProgram, type StepPart } from "./Method.ts";
import { cutByTokens } from "./parts.ts";
import {
  encoderSteps,
  type Extra,
  forwardSteps,
  type OfEach,
  type Preparation,
  shapesKey,
  type StepEncoder,
} from "./prepareEncoderStep.ts";

/** An encoder that makes one embedding of each sequence. */
export interface EmbeddingEncoder extends StepEncoder {
  /** Its trained parameters that programs take as inputs, by full names: encoder and what it has of a head. */
  readonly weights: ReadonlyArray<TensorSpec>;
  /** Numbers of an embedding. Default: the encoder's hidden size. */
  readonly width?: number;
  /** @returns [sequences, width] in the caller's order */
  readonly embed: (call: EncoderCall, tensors: Tensors) => tf.Tensor2D;
}

type EmbeddingEncoders = readonly [EmbeddingEncoder, ...ReadonlyArray<EmbeddingEncoder>];

export interface EmbeddingSteps<Encoders extends EmbeddingEncoders> {
  /** Name and options of the method: with the shapes, all that decides the programs. */
  readonly key: string;
  readonly encoders: Encoders;
  /** Trained parameters that the loss alone has, such as a temperature that is learnt. */
  readonly parameters?: ReadonlyArray<TensorSpec>;
  /** @param embeddings [rows, width] of each encoder */
  readonly loss: (embeddings: OfEach<Encoders, tf.Tensor2D>, tensors: Tensors) => ReturnType<LossProgram["build"]>;
}

/**
 * Makes the part that an update's loss is: one, whatever the size of the batch.
 * @param sequences of each encoder
 * @param most tokens that go through encoders at once; left out, all
 * @param extra further inputs of the loss with their values
 */
export type MakeEmbeddingPart<Encoders extends EmbeddingEncoders> = (
  step: number,
  sequences: OfEach<Encoders, ReadonlyArray<Sequence>>,
  most?: number,
  extra?: Extra,
) => StepPart | CachedPart;

const nothing: Extra = { inputs: [], feeds: {} };

export function embeddingSteps<const Encoders extends EmbeddingEncoders>(
  steps: EmbeddingSteps<Encoders>,
): MakeEmbeddingPart<Encoders> {
  const { key, encoders, parameters = [], loss } = steps;
  const shared = new Map(
    [...encoders.flatMap(({ weights }) => weights), ...parameters].map((spec) => [spec.name, spec]),
  );
  const whole = encoderSteps<Encoders>({
    key,
    encoders,
    parameters: [...shared.values()],
    loss: (calls, tensors) => loss(embedEach(encoders, calls, tensors), tensors),
  });
  const pieceMakers = encoders.map((encoder, i) => piecesOf(`${key}|${i}`, encoder, matrixName(i)));
  return (step, sequences, most = Number.POSITIVE_INFINITY, extra = nothing) => {
    const tokens = sequences
      .flatMap((rows) => rows.map(({ ids }) => ids.length))
      .reduce((sum, count) => sum + count, 0);
    if (tokens <= most) {
      const packAll = () => sequences.map((rows, i) => whole.pack(rows, i)) as never; // cast: one for each encoder
      return { share: 1, prepare: () => whole.prepare(step, packAll(), extra) };
    }
    const matrices = encoders.map(({ config, width = config.hiddenSize }, i): TensorSpec => {
      return { name: matrixName(i), shape: [sequences[i]!.length, width], dtype: "float32" };
    });
    return {
      share: 1,
      pieces: sequences.flatMap((rows, i) => pieceMakers[i]!(step, rows, most)),
      loss: { embeddings: matrices, prepare: () => lossProgram(steps, matrices, extra) },
    };
  };
}

/** Names of the loss's inputs. */
const matrixName = (encoder: number): string => `embeddings.${encoder}`;

const embedEach = <Encoders extends EmbeddingEncoders>(
  encoders: Encoders,
  calls: OfEach<Encoders, EncoderCall>,
  tensors: Tensors,
) => encoders.map(({ embed }, i) => embed(calls[i]!, tensors)) as unknown as OfEach<Encoders, tf.Tensor2D>; // cast: one for each

function lossProgram<Encoders extends EmbeddingEncoders>(
  { key, parameters = [], loss }: EmbeddingSteps<Encoders>,
  matrices: ReadonlyArray<TensorSpec>,
  extra: Extra,
): ReadyProgram {
  const names = parameters.map(({ name }) => name);
  const program = withGradients({
    key: `loss|${key}|${shapesKey(matrices)}|${shapesKey(extra.inputs)}`,
    inputs: [...parameters, ...matrices, ...extra.inputs],
    wrt: [...names, ...matrices.map(({ name }) => name)],
    build: (tensors) => {
      const embeddings = matrices.map(({ name }) => tensorNamed(tensors, name));
      return loss(embeddings as unknown as OfEach<Encoders, tf.Tensor2D>, tensors); // cast: one for each encoder, of rank 2
    },
  });
  return { program, parameters: names, encodings: [], feeds: extra.feeds };
}

/** Cuts an encoder's sequences into pieces. A piece's masks are those its rows have in the whole batch. */
function piecesOf(key: string, encoder: EmbeddingEncoder, matrix: string) {
  const { weights, embed, width = encoder.config.hiddenSize } = encoder;
  const encoders = [encoder] as const;
  const forward = forwardSteps({
    key,
    encoders,
    frozen: weights,
    outputs: ([call], tensors) => ({ [pieceNames.embeddings]: embed(call, tensors) }),
  });
  const back = encoderSteps({
    key: `${key}|back`,
    encoders,
    parameters: weights,
    // Its gradients are those of the loss: its derivative by the embeddings is what comes in.
    loss: ([call], tensors) => ({
      loss: tf.sum(tf.mul(embed(call, tensors), tensorNamed(tensors, pieceNames.gradient))),
    }),
  });
  return (step: number, sequences: ReadonlyArray<Sequence>, most: number): ReadonlyArray<EmbeddedPiece> => {
    const tokens = sequences.map(({ ids }) => ids.length);
    return cutByTokens(tokens, most).map((rows) => {
      const gradient = { name: pieceNames.gradient, shape: [rows.length, width], dtype: "float32" } as const;
      const through = (way: Preparation<readonly [EmbeddingEncoder]>, extra: Extra) =>
        way.prepare(step, [way.pack(Array.from(rows, (row) => sequences[row]!))], extra, [rows]);
      return {
        matrix,
        rows,
        embed: () => through(forward, nothing),
        carryBack: () => through(back, { inputs: [gradient], feeds: {} }),
      };
    });
  };
}
