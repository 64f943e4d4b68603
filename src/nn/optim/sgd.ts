/**
 * Stochastic gradient descent over plain numbers, as torch.optim.SGD without dampening: u ← μu + g; θ ← θ - η·u, with
 * Nesterov's momentum θ ← θ - η(g + μu).
 *
 * Its decay is a part of the gradient, g ← g + λθ.
 *
 * Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
 */
import { type DecayOptions, type UpdateRule, withDecayedRows } from "./UpdateRule.ts";

/** `weightDecay` λ is added to the gradient per unit of weight, after clipping. */
export interface SgdOptions extends DecayOptions {
  readonly rule: "sgd";
  /** μ, 0 to below 1; with 0 nothing is remembered. */
  readonly momentum: number;
  readonly nesterov: boolean;
}

export const sgdDefaults = { rule: "sgd", momentum: 0, nesterov: false } as const;

export const sgd: UpdateRule<SgdOptions> = {
  slots: ({ momentum }) => (momentum === 0 ? [] : ["velocity"]),
  update: ({ momentum, nesterov }, { learningRate, gradientScale, weightDecay }) =>
    withDecayedRows((values, gradient, [velocity], at, from, length) => {
      for (let i = 0; i < length; i++) {
        const g = gradient[from + i]! * gradientScale + weightDecay * values[at + i]!;
        const u = velocity === undefined ? g : momentum * velocity[at + i]! + g;
        if (velocity !== undefined) velocity[at + i] = u;
        values[at + i]! -= learningRate * (nesterov ? g + momentum * u : u);
      }
    }, weightDecay),
};
