/** From the settings `optimizer`, `weightDecay` and their like to the rule that updates parameters. */
import { adamDefaults } from "../nn/optim/adam.ts";
import { adamWDefaults } from "../nn/optim/adamW.ts";
import { decayGroups } from "../nn/optim/decayGroups.ts";
import type { OptimizerOptions } from "../nn/optim/Optimizer.ts";
import { rmsPropDefaults } from "../nn/optim/rmsProp.ts";
import type { OptimizerName, TrainingOptions } from "./options.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

/**
 * @param published the method's own, where the options name none
 * @throws TrainingFailure of reason `invalid` where there is momentum for a rule that has none
 */
export function optimizerOf(
  options: Pick<TrainingOptions, "optimizer" | "weightDecay" | "decayed" | "momentum" | "nesterov">,
  published: OptimizerName = "adamw",
): OptimizerOptions {
  const { optimizer = published, momentum = 0, nesterov = false } = options;
  const decay = { weightDecay: options.weightDecay, decays: decayGroups[options.decayed ?? "weights"] };
  if (momentum > 0 && optimizer !== "sgd")
    throw invalid(
      `momentum is ${momentum}, but the optimizer ${optimizer} has none.`,
      "Set optimizer to sgd, or leave momentum out.",
    );
  if (nesterov && momentum === 0)
    throw invalid(
      "nesterov is true, but there is no momentum.",
      "Set momentum, for example to 0.9, or leave nesterov out.",
    );
  switch (optimizer) {
    case "adamw":
      return { ...adamWDefaults.pytorch, ...decay };
    case "adamw-transformers":
      return { ...adamWDefaults.transformers, ...decay };
    case "adam":
      return { ...adamDefaults, ...decay };
    case "rmsprop":
      return { ...rmsPropDefaults.pytorch, ...decay };
    case "rmsprop-keras":
      return { ...rmsPropDefaults.keras, ...decay };
    case "sgd":
      return { rule: "sgd", momentum, nesterov, ...decay };
  }
}

const invalid = (message: string, hint: string) => new TrainingFailure("invalid", message, hint);
