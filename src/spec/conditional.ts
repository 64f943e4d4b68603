/**
 * Values that a loop's decisions choose: the output of whichever cycle turns out to be the last, the outputs of those cycles that
 * ran. A target may have conditions, and then a next candidate; core settles them when the decisions are there.
 */
import type { Target, Value } from "./resolveLinks.ts";
import type { LoopInstance, StepInstance } from "./instances.ts";

export interface Condition {
  readonly decision: StepInstance;
  readonly says: "on" | "stop";
}

/** Every candidate of every target. */
export function targetsOf({ targets }: Value): ReadonlyArray<Target> {
  return targets.some(({ otherwise }) => otherwise !== undefined) ? targets.flatMap(candidates) : targets;
}

export function candidates(target: Target): ReadonlyArray<Target> {
  const found: Array<Target> = [];
  for (let at: Target | undefined = target; at !== undefined; at = at.otherwise) found.push(at);
  return found;
}

/** Indices of the steps that have to come first. */
export function stepsBehind(value: Value): ReadonlyArray<number> {
  const steps: Array<number> = [];
  for (const { step, when = [] } of targetsOf(value)) {
    steps.push(step.index);
    for (const { decision } of when) steps.push(decision.index);
  }
  return steps;
}

/** The candidates in their order as one target, each with one more condition. */
function chained(found: ReadonlyArray<Target>, condition?: Condition, last?: Target): Target | undefined {
  return found.reduceRight<Target | undefined>((otherwise, { step, port, when }) => {
    const all = condition === undefined ? when : [...(when ?? []), condition];
    return {
      step,
      port,
      ...(all === undefined ? {} : { when: all }),
      ...(otherwise === undefined ? {} : { otherwise }),
    };
  }, last);
}

/** The value of each cycle that ran, as one list. `values`: one per cycle. */
export const ofThoseThatRan = ({ decisions }: LoopInstance, values: ReadonlyArray<Value>): Value => ({
  isList: true,
  targets: values.flatMap(({ targets }, at) => {
    const before = decisions[at - 1];
    if (before === undefined) return targets;
    return targets.map((target) => chained(candidates(target), { decision: before, says: "on" })!);
  }),
});

/** The value of the last cycle that ran. `values`: one per cycle, at least one. */
export function ofTheLastThatRan({ decisions }: LoopInstance, values: ReadonlyArray<Value>): Value {
  const final = values.at(-1)!;
  if (values.length === 1 || decisions.length === 0) return final;
  if (final.isList) {
    const until = (at: number): Condition =>
      at < values.length - 1
        ? { decision: decisions[at]!, says: "stop" }
        : { decision: decisions[at - 1]!, says: "on" };
    const targets = values.flatMap((value, at) => value.targets.map((each) => chained(candidates(each), until(at))!));
    return { isList: true, targets };
  }
  const earlier = values.slice(0, -1).flatMap(({ targets: [target] }, at) => {
    const decision = decisions[at]!;
    return candidates(target!).map((each) => chained([each], { decision, says: "stop" })!);
  });
  return { isList: false, targets: [chained([...earlier, ...candidates(final.targets[0]!)])!] };
}
