/**
 * What watches a training that goes wrong. Each guard looks at the numbers of an update before it is applied, and says whether
 * they are suspect; when they have been so for long enough, it warns or ends the training, as the step's `guards` say. A guard
 * decides whether there is a result, never which: no number of a training depends on it.
 *
 * While a guard that may end the training suspects it, the last state from before is the one worth keeping: see `isDoubted`.
 */
import type { GuardName, Reactions } from "./guardOptions.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

/** What one update showed, before it changes anything. */
export interface UpdateNumbers {
  /** Of this update, from 1. */
  readonly step: number;
  readonly loss: number;
  /** That of embeddings, where the loss has other terms too. */
  readonly contrastiveLoss?: number | undefined;
  /** Of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** Of the batch's embeddings, where the method has such; costs something, so it is asked for at some updates only. */
  readonly uniformity?: () => number | undefined;
}

export interface Guard {
  readonly name: GuardName;
  /** Updates in a row, the first suspect one included; 1: at once. */
  readonly patience: number;
  /** Undefined where it does not look at this update. */
  readonly isSuspect: (numbers: UpdateNumbers) => boolean | undefined;
  /** One sentence. @param since the first update of those in a row */
  readonly tell: (numbers: UpdateNumbers, since: number) => string;
  readonly hint: string;
}

/** Guard → the first of the suspect updates in a row; only those that suspect now. Part of a checkpoint. */
export type Doubts = { readonly [name in GuardName]?: number };

export interface GuardWatch {
  /**
   * Looks at an update, before it is applied. @returns what there is to warn of, once for each guard
   * @throws TrainingFailure of reason `divergence` where a guard ends the training
   */
  readonly see: (numbers: UpdateNumbers) => ReadonlyArray<string>;
  /** Guards that would warn now: those whose patience is over. */
  readonly tripped: () => ReadonlyArray<GuardName>;
  readonly doubts: () => Doubts;
  /** A guard that may end the training suspects it. */
  readonly isDoubted: () => boolean;
}

/** @param reactions what each does; a guard without one is not asked @param past doubts of a checkpoint */
export function watchWith(guards: ReadonlyArray<Guard>, reactions: Reactions, past: Doubts = {}): GuardWatch {
  const active = guards.filter(({ name }) => (reactions[name] ?? "ignore") !== "ignore");
  const since = new Map(active.flatMap(({ name }) => (past[name] === undefined ? [] : [[name, past[name]] as const])));
  const tripped = new Set<GuardName>();
  const told = new Set<GuardName>();
  return {
    see: (numbers) =>
      active.flatMap((guard) => {
        const { name, patience, tell } = guard;
        const isSuspect = guard.isSuspect(numbers);
        if (isSuspect === false) since.delete(name);
        if (isSuspect === true && !since.has(name)) since.set(name, numbers.step);
        const first = since.get(name);
        if (first === undefined) tripped.delete(name);
        if (first === undefined || isSuspect === undefined || numbers.step - first + 1 < patience) return [];
        if (reactions[name] === "fail") throw new TrainingFailure("divergence", tell(numbers, first), guard.hint);
        tripped.add(name);
        if (told.has(name)) return [];
        told.add(name);
        return [`${tell(numbers, first)} ${guard.hint}`];
      }),
    tripped: () => [...tripped],
    doubts: () => Object.fromEntries(since),
    isDoubted: () => [...since.keys()].some((name) => reactions[name] === "fail"),
  };
}

/** Four digits tell what a loss does. */
const short = (value: number): string =>
  Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : `${value}`;

/** The loss or the gradients are no number: an update with them would leave none in the model. @param lossBefore of the update before */
export const divergedGuard = (lossBefore: () => number | undefined): Guard => ({
  name: "diverged",
  patience: 1,
  isSuspect: ({ loss, gradientNorm }) => !Number.isFinite(loss) || !Number.isFinite(gradientNorm),
  tell: ({ step, loss, gradientNorm }) => {
    const before = lossBefore();
    const what = Number.isFinite(loss) ? `the gradient's norm is ${gradientNorm}` : `the loss is ${loss}`;
    return `Training diverged at update ${step}: ${what}${before === undefined ? "" : `, after a loss of ${short(before)}`}.`;
  },
  hint: "Lower learningRate, or raise warmupRatio so that it rises more slowly.",
});

/** Updates in a row that a training must be as one that has collapsed. */
const collapsePatience = 50;
const collapseHint = "Lower learningRate or raise batchSize.";

/** How near the loss must be to its value at a collapse: one in a hundred. */
const stuckTolerance = 0.01;

/** The loss stays where embeddings that are all equal have it. @param collapsedLoss ln of the rows of a batch */
export const stuckGuard = (collapsedLoss: number): Guard => ({
  name: "stuck",
  patience: collapsePatience,
  isSuspect: ({ loss, contrastiveLoss = loss }) =>
    Math.abs(contrastiveLoss - collapsedLoss) < stuckTolerance * collapsedLoss,
  tell: ({ step, loss, contrastiveLoss = loss }, since) =>
    `The loss has stayed at ${short(collapsedLoss)}, its value for embeddings that are all equal, since update ${since} (${short(contrastiveLoss)} at update ${step}): the encoder has collapsed.`,
  hint: collapseHint,
});

/** Above it embeddings count as equal: their squared distances are 0.01 on the mean, their cosines 0.995. */
const collapsedUniformity = -0.02;
/** The guard asks for uniformity at every tenth update, so that it costs nothing that shows. */
const uniformityEvery = 10;

/** The embeddings of a batch are all but one. Source of the measure: Wang, Isola, ICML 2020. */
export const collapsedGuard: Guard = {
  name: "collapsed",
  patience: collapsePatience,
  isSuspect: ({ step, uniformity }) => {
    const value = step % uniformityEvery === 0 ? uniformity?.() : undefined;
    return value === undefined ? undefined : value > collapsedUniformity;
  },
  tell: ({ step, uniformity }, since) =>
    `The embeddings of a batch have been all but equal since update ${since} (uniformity ${short(uniformity?.() ?? 0)} at update ${step}, 0 is all equal): the encoder has collapsed.`,
  hint: collapseHint,
};
