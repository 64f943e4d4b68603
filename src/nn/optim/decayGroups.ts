/** Which parameters lose weight: the groups that trainings choose between. */

export type DecayGroup = keyof typeof decayGroups;

/** Weight matrices and embeddings, not biases and LayerNorm (every source of methods §0.3 but Mirror-BERT, which decays all). */
export const decayGroups = {
  weights: (name: string): boolean =>
    !name.endsWith("bias") && !name.includes("LayerNorm") && !name.includes("layer_norm"),
  all: (): boolean => true,
} as const;
