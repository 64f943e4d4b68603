/**
 * What executes programs. A program is a pure function of named tensors written with tfjs; an engine turns it into something
 * that runs: the onnx engine traces it into one graph, the cpu engine calls it eagerly. One suite of tests holds for all.
 */
import * as Context from "effect/Context";
import type { EngineIdentity } from "../core/ActionRecord.ts";
import type { Feeds, Tensors, TensorSpec } from "../nn/TensorSpec.ts";

export type { DType, Feeds, Tensors, TensorSpec, TypedArray } from "../nn/TensorSpec.ts";

/** An input that never changes. */
export interface ProgramConstant {
  readonly shape: ReadonlyArray<number>;
  readonly values: Float32Array;
  /**
   * Of a matrix: its products are computed in 8-bit numbers, what it is multiplied with quantized as it comes. Faster, and less
   * exact. An engine that cannot do so refuses the program.
   */
  readonly quantized?: boolean;
}

export interface Program {
  /** Programs of equal keys build equal graphs: compiled once, kept in a bounded cache, least recently used out first. */
  readonly key: string;
  readonly inputs: ReadonlyArray<TensorSpec>;
  /** Inputs that never change (weights in inference): part of the compiled program, so that they can be pre-packed. */
  readonly constants?: { readonly [name: string]: ProgramConstant };
  readonly build: (tensors: Tensors) => Tensors;
}

export interface Executable {
  readonly outputs: ReadonlyArray<TensorSpec>;
  /** `into` names outputs written in place (gradients), without a copy where the engine can. */
  readonly run: (
    feeds: Feeds,
    into?: { readonly [name: string]: Float32Array },
  ) => Promise<{ readonly [name: string]: Float32Array }>;
}

export interface EngineShape {
  readonly identity: EngineIdentity;
  readonly compile: (program: Program) => Promise<Executable>;
  /** Releases every compiled program. */
  readonly close: () => Promise<void>;
}

/** The engine stages run on, provided by the worker. */
export class Engine extends Context.Service<Engine, EngineShape>()("tandem/engine/Engine") {}
