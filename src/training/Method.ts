/**
 * What the training loop needs to know of a way to train: where it starts, what an update computes, what is kept in the end.
 * One file of `methods/` makes one.
 */
import type { EngineShape, Feeds, Program } from "../engine/Engine.ts";
import type { ModelConfig } from "../nn/EncoderModel.ts";
import type { OptimizerOptions } from "../nn/optim/Optimizer.ts";
import type { PackedBatch } from "../nn/PackedBatch.ts";
import type { TensorSpec } from "../nn/TensorSpec.ts";
import type { Weights } from "../nn/Weights.ts";

/** A batch and the encoder it goes through. */
export interface Encoding {
  readonly config: ModelConfig;
  readonly batch: PackedBatch;
  /** Before the names of the batch's inputs: `batch`, and another for each further one of a program. */
  readonly inputs: string;
  /** Before the names of the encoder's parameters: nothing, or `second.`. Encodings of equal prefixes share their weights. */
  readonly parameters: string;
}

/** A program, ready to run but for the values of parameters. */
export interface ReadyProgram {
  readonly program: Program;
  /** Parameters the program takes as inputs, by name. */
  readonly parameters: ReadonlyArray<string>;
  /** Of each encoder the program has. */
  readonly encodings: ReadonlyArray<Encoding>;
  /** Everything the program takes besides parameters and embedding rows. */
  readonly feeds: Feeds;
}

/** What goes through the encoders at once: the batch of an update, or a part of it. The program gives `loss` and gradients (`withGradients`). */
export interface PreparedStep extends ReadyProgram {
  /** At least one. */
  readonly encodings: readonly [Encoding, ...ReadonlyArray<Encoding>];
}

/** How much of an update's loss a part is: its share of a term, and the term's weight. */
interface PartOfLoss {
  /** Above 0, at most 1; the shares of a term add up to 1. */
  readonly share: number;
  /** Of the term in the loss, above 0. Default 1. */
  readonly weight?: number;
}

/**
 * A part of an update's batch. Losses and gradients of the parts, each times its share and weight, add up to those of the
 * whole update.
 */
export interface StepPart extends PartOfLoss {
  /** What the part depends on and is computed without gradients: what a frozen model says. Its outputs go to `prepare`. */
  readonly before?: () => ReadyProgram;
  /** Called when the parts before are done, so that one part at a time is in memory. */
  readonly prepare: (before: Outputs) => PreparedStep;
}

/**
 * A term whose loss needs the embeddings of all its rows at once, while encoders take them piece by piece (gradient caching,
 * docs/adr/0032): every piece is embedded, the loss of all embeddings gives their gradients, and every piece is embedded again,
 * under the same masks, to carry its gradients back.
 */
export interface CachedPart extends PartOfLoss {
  readonly pieces: ReadonlyArray<EmbeddedPiece>;
  /** Takes the matrices of all embeddings, gives `loss`, their gradients, and those of parameters of its own. */
  readonly loss: {
    readonly embeddings: ReadonlyArray<TensorSpec>;
    readonly prepare: () => ReadyProgram;
  };
}

/** Rows that go through an encoder at once. */
export interface EmbeddedPiece {
  /** The matrix of the loss that its embeddings are rows of, and which. */
  readonly matrix: string;
  readonly rows: Int32Array;
  /** Gives `embeddings` [rows, dim], and no gradient. */
  readonly embed: () => ReadyProgram;
  /** Takes their gradient as `embeddings.gradient` [rows, dim], and gives those of parameters. */
  readonly carryBack: () => PreparedStep;
}

/** What the programs of a piece call what they give and take. */
export const pieceNames = { embeddings: "embeddings", gradient: "embeddings.gradient" } as const;

export type Outputs = { readonly [name: string]: Float32Array };
export type Numbers = { readonly [name: string]: number };

/** A look at what was learnt, from outside, between updates. */
export interface Development {
  /** Updates from one look to the next, from 1; counted anew in each epoch, whose end is a look too. */
  readonly every: number;
  /** The weights of the best look are those that are kept, not the last ones. */
  readonly keepBest: boolean;
  /** Names of what it tells, series of the curve: without numbers at updates between looks. */
  readonly series: ReadonlyArray<string>;
  /** Of these the one that says which is best: the highest, of equal ones the first. */
  readonly decisive: string;
  /** @param weights of encoders and heads, a copy */
  readonly evaluate: (weights: Weights, engine: EngineShape) => Promise<Numbers>;
}

export interface Method {
  /** Of the encoder that is kept. */
  readonly config: ModelConfig;
  /** Encoders and heads, all of it trained. Names of a further encoder's parameters begin with its prefix. */
  readonly start: Weights;
  /** What programs take besides and nothing changes: part of no checkpoint and no result. */
  readonly frozen?: Weights;
  readonly stepsPerEpoch: number;
  readonly optimizer: OptimizerOptions;
  /** A pure function of the update's index, from 0. At least one part. */
  readonly parts: (step: number) => ReadonlyArray<StepPart | CachedPart>;
  /**
   * Numbers worth a place in the curve beside the loss, averaged over parts by their shares; of cached parts the program of the
   * loss is asked. The same names at every step.
   */
  readonly observe?: (outputs: Outputs, step: ReadyProgram) => Numbers;
  /** The loss (where it has several terms, what is observed as `contrastiveLoss`) of embeddings that have all become equal: one that stays there has collapsed. */
  readonly collapsedLoss?: number;
  /** How near to each other the embeddings of a batch are: 0 where all are equal. Watched for a collapse, never recorded. */
  readonly uniformity?: (outputs: Outputs, step: ReadyProgram) => number | undefined;
  readonly development?: Development;
  /** What is doubtful about the data, to be told before the first update. */
  readonly warnings?: ReadonlyArray<string>;
}
