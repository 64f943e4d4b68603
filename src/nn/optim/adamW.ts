/**
 * AdamW over plain numbers, in place.
 *
 * Two forms are in use and differ in the last digits of a step (methods §0.3):
 *
 * - `pytorch` (torch.optim.AdamW, Hugging Face Trainer; SimCSE): ε inside the bias correction, decay before the step.
 * - `transformers` (transformers.AdamW, sentence-transformers 2.0; Trans-Encoder): ε outside, decay after the step.
 *
 * Both are θ ← d₀θ; θ ← θ - s·m / (√v + e); θ ← d₁θ, with the bias corrections folded into the scalars s and e, so one loop
 * serves both.
 *
 * Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
 */
import type { DecayOptions, UpdateRule } from "./UpdateRule.ts";

/** `weightDecay` is per unit of learning rate. */
export interface AdamWOptions extends DecayOptions {
  readonly rule: "adamw";
  readonly form: "pytorch" | "transformers";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export const adamWDefaults = {
  pytorch: { rule: "adamw", form: "pytorch", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  transformers: { rule: "adamw", form: "transformers", beta1: 0.9, beta2: 0.999, epsilon: 1e-6 },
} as const;

/** The scalars of one update of one parameter. */
interface Scalars {
  readonly beta1: number;
  readonly beta2: number;
  readonly gradientScale: number;
  readonly stepSize: number;
  readonly epsilon: number;
  readonly decayBefore: number;
  readonly decayAfter: number;
}

export const adamW: UpdateRule<AdamWOptions> = {
  slots: () => ["first", "second"],
  update: ({ form, beta1, beta2, epsilon }, { step, learningRate, gradientScale, weightDecay }) => {
    const correction1 = 1 - beta1 ** step;
    const correction2 = Math.sqrt(1 - beta2 ** step);
    const decay = 1 - learningRate * weightDecay;
    const scalars: Scalars = {
      beta1,
      beta2,
      gradientScale,
      stepSize: (learningRate * correction2) / correction1,
      epsilon: form === "pytorch" ? epsilon * correction2 : epsilon,
      decayBefore: form === "pytorch" ? decay : 1,
      decayAfter: form === "pytorch" ? 1 : decay,
    };
    return {
      span: (values, gradient, [first, second], at, from, length) =>
        updateSpan(values, gradient, first!, second!, scalars, at, from, length),
      untouched: (values, _, at, length) => decayRow(values, at, length, scalars),
    };
  },
};

/** Zero moments and no gradient: nothing but decay, rounded where the full update would round. */
function decayRow(values: Float32Array, from: number, length: number, { decayBefore, decayAfter }: Scalars): void {
  const decay = decayBefore * decayAfter; // one of them is 1
  if (decay === 1) return;
  for (let i = from; i < from + length; i++) values[i]! *= decay;
}

/** The one hot loop: four streams in step, no call, no allocation. */
function updateSpan(
  values: Float32Array,
  gradient: Float32Array,
  first: Float32Array,
  second: Float32Array,
  { beta1, beta2, gradientScale, stepSize, epsilon, decayBefore, decayAfter }: Scalars,
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
