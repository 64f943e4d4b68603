/**
 * Adam over plain numbers, as torch.optim.Adam: θ ← θ - s·m / (√v + e), with the bias corrections folded into s and e.
 *
 * Its decay is a part of the gradient, g ← g + λθ, and so enters both moments; in AdamW it does not. Without decay the two
 * are one.
 *
 * Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
 */
import { type DecayOptions, type UpdateRule, withDecayedRows } from "./UpdateRule.ts";

/** `weightDecay` λ is added to the gradient per unit of weight, after clipping. */
export interface AdamOptions extends DecayOptions {
  readonly rule: "adam";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export const adamDefaults = { rule: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export const adam: UpdateRule<AdamOptions> = {
  slots: () => ["first", "second"],
  update: ({ beta1, beta2, epsilon }, { step, learningRate, gradientScale, weightDecay }) => {
    const correction2 = Math.sqrt(1 - beta2 ** step);
    const stepSize = (learningRate * correction2) / (1 - beta1 ** step);
    const correctedEpsilon = epsilon * correction2;
    return withDecayedRows((values, gradient, [first, second], at, from, length) => {
      for (let i = 0; i < length; i++) {
        const g = gradient[from + i]! * gradientScale + weightDecay * values[at + i]!;
        const m = beta1 * first![at + i]! + (1 - beta1) * g;
        const v = beta2 * second![at + i]! + (1 - beta2) * g * g;
        first![at + i] = m;
        second![at + i] = v;
        values[at + i]! -= (stepSize * m) / (Math.sqrt(v) + correctedEpsilon);
      }
    }, weightDecay);
  },
};
