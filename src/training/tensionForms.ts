/**
 * What each published form of Contrastive Tension sets (methods §4.1 and §4.2): `code` is the authors' TensorFlow, `library` and
 * `in-batch` are sentence-transformers'. Light to import: the stage makes its descriptions of these.
 */
import { contrastiveTensionSteps } from "../nn/optim/stepwiseSchedule.ts";
import { type PoolingName, poolingOf } from "../nn/pooling.ts";
import type { ContrastiveTensionOptions } from "./methods/contrastiveTension.ts";
import type { TrainingOptions } from "./options.ts";
import { groupsMistake } from "./tensionPairs.ts";

type Formed = Pick<
  TrainingOptions,
  | "batchSize"
  | "learningRate"
  | "epochs"
  | "warmupRatio"
  | "schedule"
  | "rateSteps"
  | "optimizer"
  | "weightDecay"
  | "maxGradientNorm"
  | "dropout"
>;
type Paired = Formed & { readonly reduction: "mean" | "sum"; readonly sampling: "replacement" | "pass" };

const code: Paired = {
  batchSize: 16,
  learningRate: 1e-5,
  epochs: 10,
  warmupRatio: 0,
  schedule: "stepwise",
  rateSteps: contrastiveTensionSteps,
  optimizer: "rmsprop-keras",
  weightDecay: 0,
  maxGradientNorm: 0,
  dropout: 0,
  reduction: "mean",
  sampling: "replacement",
};
const library: Paired = {
  batchSize: 16,
  learningRate: 1e-5,
  epochs: 1,
  warmupRatio: 0,
  schedule: "linear",
  optimizer: "rmsprop",
  weightDecay: 0,
  maxGradientNorm: 1,
  reduction: "sum",
  sampling: "pass",
};
/** The warm-up of the example is 1000 updates of 7812. */
const inBatch: Formed = {
  batchSize: 128,
  learningRate: 5e-5,
  epochs: 1,
  warmupRatio: 0.128,
  schedule: "linear",
  optimizer: "adamw",
  weightDecay: 0.01,
  maxGradientNorm: 1,
};

/** A config of the stage: what is left out, the form sets. */
export interface TensionConfig
  extends Partial<Paired>, Pick<TrainingOptions, "maxTokens">, Omit<TrainingOptions, keyof Formed | "maxTokens"> {
  readonly variant: "original" | "in-batch";
  /** Default code; in-batch negatives have the library's alone. */
  readonly form?: "code" | "library";
  readonly keep?: "first" | "second" | "better";
  readonly pooling: PoolingName;
  readonly paddedLength?: number;
  readonly negatives: number;
  readonly epochBatches: number;
  readonly scale: number;
  readonly similarity: "cosine" | "dot";
}

export function tensionOptions(config: TensionConfig): ContrastiveTensionOptions {
  const pooling = poolingOf(config);
  if (config.variant === "in-batch") return { ...inBatch, ...config, pooling, variant: "in-batch" };
  return { ...(config.form === "library" ? library : code), ...config, pooling, variant: "original" };
}

/** Which encoder is kept where it is left out. @param hasDevelopment a development set is linked */
export function keptTower(
  { keep, variant, form = "code" }: Pick<TensionConfig, "keep" | "variant" | "form">,
  hasDevelopment: boolean,
): "first" | "second" | "better" {
  return keep ?? (hasDevelopment && variant === "original" && form === "code" ? "better" : "second");
}

/** What is wrong with a config as a whole, in one sentence. */
export function tensionMistake(config: TensionConfig): string | undefined {
  const options = tensionOptions(config);
  if (options.variant === "original") return groupsMistake(options);
  if (config.form === "code") return "form code has no in-batch negatives: take form out, or set variant to original";
  return undefined;
}

const isOfPairs = (field: keyof Paired): boolean => field === "reduction" || field === "sampling";

/** The default of a field in every form that has it, for descriptions. */
export const tensionDefaults = (field: keyof Paired): { readonly [form: string]: unknown } => ({
  "form code": code[field],
  "form library": library[field],
  ...(isOfPairs(field) ? {} : { "in-batch": inBatch[field as keyof Formed] }), // cast: those of pairs are the other fields
});
