/** `timeout` and `retry` of a step: literal, and in no key. */
import { retriedCauses, type StepLimits } from "../core/limits.ts";
import { RetrySchema } from "./PipelineFile.ts";
import type { Reporter } from "./Reporter.ts";
import { checkShape, type Shaped } from "./shape.ts";
import type { YamlNode } from "./YamlNode.ts";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `1.5h`, as the schema has checked it. */
function durationMs(text: string): number {
  const [, number, unit] = /^([\d.]+)\s*(ms|s|m|h|d)$/.exec(text)!;
  return Number(number) * unitMs[unit as keyof typeof unitMs];
}

/** Undefined where the step has neither; what is of the wrong form was reported, and is not among the entries. */
export function readLimits(shaped: Shaped, reporter: Reporter): StepLimits | undefined {
  const timeout = shaped.entries.get("timeout")?.value;
  const entry = shaped.entries.get("retry");
  const retry = entry && readRetry(entry.value, reporter);
  if (timeout === undefined && retry === undefined) return undefined;
  return {
    ...(timeout?.kind === "scalar" ? { timeoutMs: durationMs(String(timeout.value)) } : {}),
    ...(retry === undefined ? {} : { retry }),
  };
}

/** What is tried again unless `on` says otherwise: what has nothing to do with the stage's own judgement. */
const byDefault = retriedCauses.filter((cause) => cause !== "stage-error");

function readRetry(node: YamlNode, reporter: Reporter): StepLimits["retry"] | undefined {
  if (node.kind === "scalar") {
    const times = Number(node.value);
    return times === 0 ? undefined : { times, on: byDefault, waitMs: 1000 };
  }
  const shaped = checkShape(node, RetrySchema, "retry", "`retry`", node.span, reporter);
  const [times, on, wait] = ["times", "on", "wait"].map((key) => shaped.entries.get(key)?.value);
  if (times?.kind !== "scalar" || times.value === 0) return undefined;
  const named =
    on?.kind === "sequence" ? on.items.map((item) => (item.kind === "scalar" ? item.value : "")) : byDefault;
  return {
    times: Number(times.value),
    on: retriedCauses.filter((cause) => named.includes(cause)),
    waitMs: wait?.kind === "scalar" ? durationMs(String(wait.value)) : 1000,
  };
}
