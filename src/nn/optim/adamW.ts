/**
 * AdamW over plain numbers, in place.
 *
 * Two forms are in use and differ in the last digits of a step (methods §0.3):
 *
 * - `pytorch` (torch.optim.AdamW, Hugging Face Trainer; SimCSE): ε inside the bias correction, decay before the step.
 * - `transformers` (transformers.AdamW, sentence-transformers 2.0; Trans-Encoder): ε outside, decay after the step.
 *
 * Both are θ ← d₀θ; θ ← θ - s·m / (√v + e); θ ← d₁θ, with the bias corrections folded into the scalars s and e, so one loop
 * serves both. Arithmetic is float64, rounded to float32 when stored: the same on every machine.
 *
 * Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
 */
import type { Gradient, Gradients, RowGradient } from "./Gradient.ts";

export interface AdamWOptions {
  readonly form: "pytorch" | "transformers";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decay per unit of learning rate, for the parameters that `decays` names. */
  readonly weightDecay: number;
  readonly decays: (name: string) => boolean;
}

export const adamWDefaults = {
  pytorch: { form: "pytorch", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  transformers: { form: "transformers", beta1: 0.9, beta2: 0.999, epsilon: 1e-6 },
} as const;

/** Decay applies to weight matrices and embeddings, not to biases and LayerNorm (every source of methods §0.3). */
export const decaysByDefault = (name: string): boolean =>
  !name.endsWith("bias") && !name.includes("LayerNorm") && !name.includes("layer_norm");

/** Moments of one parameter, in its layout. */
export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Of a table with row gradients: 1 for rows that ever had one. The moments of all other rows are zero. */
  readonly touched?: Uint8Array;
}

/** All that AdamW remembers: plain numbers, to be stored and put back as they are. */
export interface AdamWState {
  /** Updates done. */
  step: number;
  readonly moments: Map<string, Moments>;
}

export const initialAdamWState = (): AdamWState => ({ step: 0, moments: new Map() });

/** The scalars of one update of one parameter. */
interface Update {
  readonly beta1: number;
  readonly beta2: number;
  readonly gradientScale: number;
  readonly stepSize: number;
  readonly epsilon: number;
  readonly decayBefore: number;
  readonly decayAfter: number;
}

/**
 * One update of every parameter that has a gradient.
 *
 * @param parameters name → values, changed in place
 * @param gradients a dense one in the parameter's layout, or rows of it: rows without gradient get exactly what a dense
 *   update with zeros would give them
 * @param learningRate of this update, schedule applied
 * @param gradientScale from clipping; 1 leaves gradients as they are
 */
export function adamW(
  parameters: ReadonlyMap<string, Float32Array>,
  gradients: Gradients,
  state: AdamWState,
  options: AdamWOptions,
  learningRate: number,
  gradientScale = 1,
): void {
  state.step++;
  const correction1 = 1 - options.beta1 ** state.step;
  const correction2 = Math.sqrt(1 - options.beta2 ** state.step);
  for (const [name, gradient] of gradients) {
    const decay = options.decays(name) ? 1 - learningRate * options.weightDecay : 1;
    const update: Update = {
      beta1: options.beta1,
      beta2: options.beta2,
      gradientScale,
      stepSize: (learningRate * correction2) / correction1,
      epsilon: options.form === "pytorch" ? options.epsilon * correction2 : options.epsilon,
      decayBefore: options.form === "pytorch" ? decay : 1,
      decayAfter: options.form === "pytorch" ? 1 : decay,
    };
    const values = parameters.get(name)!;
    const moments = momentsOf(state, name, values.length, gradient);
    if (gradient instanceof Float32Array) updateDense(values, gradient, moments, update);
    else updateRows(values, gradient, moments as Required<Moments>, update);
  }
}

function momentsOf(state: AdamWState, name: string, length: number, gradient: Gradient): Moments {
  const known = state.moments.get(name);
  if (known !== undefined) return known;
  const moments = { first: new Float32Array(length), second: new Float32Array(length) };
  const created =
    gradient instanceof Float32Array ? moments : { ...moments, touched: new Uint8Array(gradient.tableRows) };
  state.moments.set(name, created);
  return created;
}

function updateDense(values: Float32Array, gradient: Float32Array, moments: Moments, update: Update): void {
  updateSpan(values, gradient, moments, update, 0, 0, values.length);
}

function updateRows(values: Float32Array, gradient: RowGradient, moments: Required<Moments>, update: Update): void {
  const { touched } = moments;
  const dim = values.length / touched.length;
  const place = new Int32Array(touched.length).fill(-1);
  for (let i = 0; i < gradient.rows.length; i++) {
    place[gradient.rows[i]!] = i * dim;
    touched[gradient.rows[i]!] = 1;
  }
  const zeros = new Float32Array(dim);
  for (let row = 0; row < touched.length; row++) {
    if (touched[row] === 0) decayRow(values, row * dim, dim, update);
    else if (place[row]! < 0) updateSpan(values, zeros, moments, update, row * dim, 0, dim);
    else updateSpan(values, gradient.values, moments, update, row * dim, place[row]!, dim);
  }
}

/** Zero moments and no gradient: nothing but decay, rounded where the full update would round. */
function decayRow(values: Float32Array, from: number, length: number, { decayBefore, decayAfter }: Update): void {
  const decay = decayBefore * decayAfter; // one of them is 1
  if (decay === 1) return;
  for (let i = from; i < from + length; i++) values[i]! *= decay;
}

/** `values[at ..]` by `gradient[from ..]`. The one hot loop: four streams in step, no call, no allocation. */
function updateSpan(
  values: Float32Array,
  gradient: Float32Array,
  { first, second }: Moments,
  { beta1, beta2, gradientScale, stepSize, epsilon, decayBefore, decayAfter }: Update,
  at: number,
  from: number,
  length: number,
): void {
  const rest1 = 1 - beta1;
  const rest2 = 1 - beta2;
  for (let i = 0; i < length; i++) {
    const g = gradient[from + i]! * gradientScale;
    const m = beta1 * first[at + i]! + rest1 * g;
    const v = beta2 * second[at + i]! + rest2 * g * g;
    first[at + i] = m;
    second[at + i] = v;
    values[at + i] = (values[at + i]! * decayBefore - (stepSize * m) / (Math.sqrt(v) + epsilon)) * decayAfter;
  }
}
