/** What `trace` is asked about: a metric, a step or its output, or a digest of an artifact, a file or a key, by its beginning. */
import type { LineageTarget } from "../core/lineage.ts";
import { filesOf } from "../core/lineage.ts";
import type { PastRun } from "../core/pastRun.ts";
import { asIdsSpell, type KnownSteps } from "../core/stepNames.ts";
import { closest, listed, nameHint } from "../core/suggest.ts";
import { UsageError } from "./commandLine.ts";
import type { PastMetric } from "./pastMetrics.ts";

export interface TraceTarget {
  readonly target: LineageTarget;
  /** Where a metric was asked for. */
  readonly metric: PastMetric | undefined;
}

/** Fewer digits than this are more likely a misspelt name. */
const leastDigits = 4;

/** Throws `UsageError` where the run has no such thing, or several. */
export function findTarget(run: PastRun, metrics: ReadonlyArray<PastMetric>, written: string): TraceTarget {
  const name = asIdsSpell(written, stepsOf(run));
  const metric = metrics.find((each) => `${each.step}.${each.name}` === name);
  if (metric !== undefined) return { target: { kind: "step", step: metric.step }, metric };
  if (run.steps.some(({ step }) => step === name)) return { target: { kind: "step", step: name }, metric };
  const dot = name.lastIndexOf(".");
  const output = run.steps.find(({ step }) => step === name.slice(0, Math.max(0, dot)))?.outputs[name.slice(dot + 1)];
  if (output !== undefined) return { target: { kind: "artifact", digest: output }, metric };
  const digits = digitsOf(name);
  if (digits !== undefined) return { target: byDigest(run, digits, written), metric };
  throw new UsageError(
    `run ${run.manifest.run} has no metric, step or digest \`${written}\``,
    hintFor(run, metrics, name),
  );
}

/** Also as `run` prints it, `cache/objects/sha256/ba/162e…`. */
function digitsOf(name: string): string | undefined {
  const path = /([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(name);
  const digits = path === null ? name.replace(/^sha256:/, "").toLowerCase() : path.slice(1).join("");
  return /^[0-9a-f]+$/.test(digits) && digits.length >= leastDigits && digits.length <= 64 ? digits : undefined;
}

function byDigest({ manifest, steps }: PastRun, digits: string, written: string): LineageTarget {
  const found = new Map<string, LineageTarget>();
  for (const past of steps) {
    if (past.fingerprint.startsWith(digits)) found.set(past.fingerprint, { kind: "step", step: past.step });
    for (const digest of Object.values(past.outputs)) {
      if (digest.startsWith(digits)) found.set(digest, { kind: "artifact", digest });
    }
    for (const { digest } of filesOf(past)) {
      if (digest.startsWith(digits) && !found.has(digest)) found.set(digest, { kind: "file", digest });
    }
  }
  const [first] = found.values();
  if (first === undefined)
    throw new UsageError(
      `run ${manifest.run} made and read nothing whose digest begins with \`${written}\``,
      "`pipeline show FILE STEP` prints digests; another run may have it",
    );
  if (found.size > 1)
    throw new UsageError(`several digests begin with \`${written}\``, `give more digits: ${listed(found.keys(), 4)}`);
  return first;
}

function hintFor(run: PastRun, metrics: ReadonlyArray<PastMetric>, name: string): string {
  const { steps } = run;
  const numbers = metrics.map((each) => `${each.step}.${each.name}`);
  const names = steps.map(({ step }) => step);
  const likely = closest(name, [...numbers, ...names]);
  const ofStep = steps.find(({ step }) => name.startsWith(`${step}.`))?.step;
  const metricsOfStep = numbers.filter((each) => each.startsWith(`${ofStep}.`));
  const loop = name.slice(0, Math.max(0, name.lastIndexOf(".")));
  const last = stepsOf(run).lastCycle(loop);
  if (last !== undefined) {
    const inLast = names.filter((step) => step.startsWith(`${loop}[${last}].`));
    return `a run knows steps, not what a loop carries: name one of ${listed(inLast)}`;
  }
  if (likely === undefined && metricsOfStep.length > 0) return `its metrics: ${listed(metricsOfStep)}`;
  return nameHint(name, numbers.length > 0 ? [...numbers, ...names] : names, numbers.length > 0 ? "metrics" : "steps");
}

/** A run knows its loops by the cycles that ran. */
const stepsOf = ({ steps }: PastRun): KnownSteps => ({
  ids: steps.map(({ step }) => step),
  lastCycle: (loop) => {
    const cycles = steps.map(({ step }) =>
      step.startsWith(`${loop}[`) ? Number.parseInt(step.slice(loop.length + 1)) : 0,
    );
    return cycles.reduce((last, cycle) => Math.max(last, cycle || 0), 0) || undefined;
  },
});
