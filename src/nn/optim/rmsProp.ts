/**
 * RMSprop over plain numbers: v ← ρv + (1 - ρ)g²; θ ← θ - η·g / (√v + ε), ε outside of the root, not centred, no momentum.
 *
 * The published forms are this rule with constants of their own, and for the same learning rate their first steps differ by a
 * factor of 3 (methods §0.3): Keras' ρ 0.9 with ε 1e-7, which Contrastive Tension's authors used, and PyTorch's α 0.99 with ε
 * 1e-8, which sentence-transformers' port of it uses.
 *
 * Its decay is a part of the gradient, g ← g + λθ, as torch.optim.RMSprop has it.
 *
 * Source: Tieleman, Hinton, "Lecture 6.5: RMSprop", 2012.
 */
import { type DecayOptions, type UpdateRule, withDecayedRows } from "./UpdateRule.ts";

/** `weightDecay` λ is added to the gradient per unit of weight, after clipping. */
export interface RmsPropOptions extends DecayOptions {
  readonly rule: "rmsprop";
  /** ρ, which PyTorch calls α. */
  readonly decayRate: number;
  readonly epsilon: number;
}

export const rmsPropDefaults = {
  keras: { rule: "rmsprop", decayRate: 0.9, epsilon: 1e-7 },
  pytorch: { rule: "rmsprop", decayRate: 0.99, epsilon: 1e-8 },
} as const;

export const rmsProp: UpdateRule<RmsPropOptions> = {
  slots: () => ["square"],
  update: ({ decayRate, epsilon }, { learningRate, gradientScale, weightDecay }) =>
    withDecayedRows((values, gradient, [square], at, from, length) => {
      for (let i = 0; i < length; i++) {
        const g = gradient[from + i]! * gradientScale + weightDecay * values[at + i]!;
        const v = decayRate * square![at + i]! + (1 - decayRate) * g * g;
        square![at + i] = v;
        values[at + i]! -= (learningRate * g) / (Math.sqrt(v) + epsilon);
      }
    }, weightDecay),
};
