/**
 * What the training loop needs to know of a way to train: where it starts, what an update computes, what is kept in the end.
 * One file of `methods/` makes one.
 */
import type { Feeds, Program } from "../engine/Engine.ts";
import type { ModelConfig } from "../nn/EncoderModel.ts";
import type { OptimizerOptions } from "../nn/optim/Optimizer.ts";
import type { PackedBatch } from "../nn/PackedBatch.ts";
import type { Weights } from "../nn/Weights.ts";

/** A batch and the encoder it goes through. */
export interface Encoding {
  readonly config: ModelConfig;
  readonly batch: PackedBatch;
  /** Before the names of the batch's inputs: `batch`, and another for each further one of a program. */
  readonly inputs: string;
  /** Before the names of the encoder's parameters: nothing, or `second.`. Encodings of equal prefixes share their weights. */
  readonly parameters: string;
  /** A word whose row stays as it is, where one does: what PyTorch calls the padding index. */
  readonly paddingId?: number;
}

/** What goes through the encoders at once, ready but for the parameters: the batch of an update, or a part of it. */
export interface PreparedStep {
  /** Gives `loss` and gradients (`withGradients`); of a `before`, what the part is made from. */
  readonly program: Program;
  /** Parameters the program takes as inputs, by name. */
  readonly parameters: ReadonlyArray<string>;
  /** Of each encoder the program has, at least one. */
  readonly encodings: readonly [Encoding, ...ReadonlyArray<Encoding>];
  /** Everything the program takes besides parameters and embedding rows. */
  readonly feeds: Feeds;
}

/**
 * A part of an update's batch. Losses and gradients of the parts, each times its share, add up to those of the whole batch.
 */
export interface StepPart {
  /** Above 0, at most 1; the shares of an update add up to 1. */
  readonly share: number;
  /** What the part depends on and is computed without gradients: what a frozen model says. Its outputs go to `prepare`. */
  readonly before?: () => PreparedStep;
  /** Called when the parts before are done, so that one part at a time is in memory. */
  readonly prepare: (before: Outputs) => PreparedStep;
}

export type Outputs = { readonly [name: string]: Float32Array };
export type Numbers = { readonly [name: string]: number };

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
  readonly parts: (step: number) => ReadonlyArray<StepPart>;
  /** Numbers worth a place in the curve beside the loss, averaged over parts by their shares. The same names at every step. */
  readonly observe?: (outputs: Outputs, step: PreparedStep) => Numbers;
  /** The loss of embeddings that have all become equal: a loss that stays there has collapsed. */
  readonly collapsedLoss?: number;
  /** How near to each other the embeddings of a batch are: 0 where all are equal. Watched for a collapse, never recorded. */
  readonly uniformity?: (outputs: Outputs, step: PreparedStep) => number | undefined;
  /** What is doubtful about the data, to be told before the first update. */
  readonly warnings?: ReadonlyArray<string>;
}
