/**
 * A loss in words: what it takes, of which shape, and what can be set. `losses/index.ts` lists them; `pipeline loss` checks what
 * it is given by them, and prints them.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { ShapeWords } from "./requireShapes.ts";

export interface LossInput {
  readonly shape: ShapeWords;
  readonly description: string;
  /** Whole numbers below a length: the word of that length in a shape, or the length itself. Without it numbers are float32. */
  readonly below?: string | number;
  readonly optional?: true;
}

export interface NumberOption {
  readonly description: string;
  /** The least it may be, or what it must be greater than. */
  readonly least?: number;
  readonly above?: number;
  /** Without one the option must be given. */
  readonly default?: number;
}

export interface ChoiceOption {
  readonly description: string;
  readonly choices: ReadonlyArray<string>;
  readonly default?: string;
}

export type LossOption = NumberOption | ChoiceOption;

export interface LossDescription {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly inputs: { readonly [name: string]: LossInput };
  readonly options: { readonly [name: string]: LossOption };
  readonly compute: (
    inputs: { readonly [name: string]: tf.Tensor },
    options: { readonly [name: string]: number | string },
  ) => tf.Scalar;
}

export interface DescriptionOf<Inputs, Options> {
  readonly name: string;
  readonly summary: string;
  readonly inputs: { readonly [name in keyof Required<Inputs>]: LossInput };
  readonly options: { readonly [name in keyof Required<Options>]: LossOption };
  readonly compute: (inputs: Inputs, options: Options) => tf.Scalar;
}

/** The compiler holds the names to those of the function; what `pipeline loss` hands over is checked by the description. */
export const describeLoss = <Inputs, Options = {}>(description: DescriptionOf<Inputs, Options>): LossDescription =>
  description as unknown as LossDescription;
