/**
 * What a long step remembers of itself, so that it goes on where it was stopped. A checkpoint belongs to a fingerprint: since
 * the fingerprint holds all that decides the outputs, whoever goes on from it ends with the same ones. It is no artifact and no
 * proof of anything: it may be lost at any time, and then the step starts from the beginning.
 *
 * Both services default to keeping nothing, so that a stage runs the same where nobody keeps checkpoints.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Json } from "./canonicalJson.ts";
import type { StoreError } from "./errors.ts";

export type CheckpointTensor = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Checkpoint {
  /** Units of work done, a whole number from 0: of two checkpoints of a step, the one with more is the newer. */
  readonly done: number;
  /** All that is no array of numbers. */
  readonly facts: { readonly [name: string]: Json };
  /** In a fixed order, which is kept. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
}

/** The checkpoints of all fingerprints. Implementations (memory, directory) live in `src/store`. */
export interface CheckpointStoreShape {
  /** The newest sound one; damaged ones are moved aside and passed over. Its arrays are the caller's own. */
  readonly load: (fingerprint: string) => Effect.Effect<Checkpoint | undefined, StoreError>;
  /**
   * Durable when it returns, whole or not at all; older ones are then removed. Synchronous: arrays in use may be handed over as
   * they are. Gives the path where a person finds it, where there is one.
   */
  readonly save: (fingerprint: string, checkpoint: Checkpoint) => Effect.Effect<string | undefined, StoreError>;
  /** All of a fingerprint's, once its record is published. */
  readonly remove: (fingerprint: string) => Effect.Effect<void, StoreError>;
}

export const CheckpointStore = Context.Reference<CheckpointStoreShape>("tandem/core/Checkpoints/CheckpointStore", {
  defaultValue: () => ({
    load: () => Effect.undefined,
    save: () => Effect.undefined,
    remove: () => Effect.void,
  }),
});

/** The checkpoints of the running step, as its stage sees them. Nothing here fails: what goes wrong is a warning. */
export interface CheckpointsShape {
  readonly load: Effect.Effect<Checkpoint | undefined>;
  /** Gives the path where a person finds it, where it was kept at one. */
  readonly save: (checkpoint: Checkpoint) => Effect.Effect<string | undefined>;
}

export const Checkpoints = Context.Reference<CheckpointsShape>("tandem/core/Checkpoints/Checkpoints", {
  defaultValue: () => ({ load: Effect.undefined, save: () => Effect.undefined }),
});

/** A step saves after this many milliseconds of work; 0 is as often as it can. In no key: it changes no number. */
export const CheckpointEveryMs = Context.Reference<number>("tandem/core/Checkpoints/CheckpointEveryMs", {
  defaultValue: () => 60_000,
});
