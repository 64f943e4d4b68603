/** Earlier records, arranged for the questions of `plan` and `why`: what is nearest to this key, how long did such a step take. */
import type { ActionRecord } from "./ActionRecord.ts";
import { differencesFrom, type CurrentParts, type Difference } from "./differences.ts";
import type { FilesByField } from "./fingerprint.ts";
import type { Graph, Step } from "./Graph.ts";

/** Records compared in full for one step: newest first, so that a long history costs no more than a short one. */
const maxCompared = 200;

export interface History {
  readonly byFingerprint: ReadonlyMap<string, ActionRecord>;
  /** Newest first. */
  readonly byStage: ReadonlyMap<string, ReadonlyArray<ActionRecord>>;
  /** Digest of an output → the records that have it. */
  readonly byOutput: ReadonlyMap<string, ReadonlyArray<ActionRecord>>;
}

export function historyOf(records: ReadonlyArray<ActionRecord>): History {
  const newestFirst = records.toSorted((a, b) => (a.provenance.startedAt < b.provenance.startedAt ? 1 : -1));
  const byOutput = new Map<string, Array<ActionRecord>>();
  for (const record of newestFirst) {
    for (const digest of new Set(Object.values(record.outputs).map((output) => output.digest as string))) {
      const sharing = byOutput.get(digest);
      if (sharing === undefined) byOutput.set(digest, [record]);
      else sharing.push(record);
    }
  }
  return {
    byFingerprint: new Map(newestFirst.map((record) => [record.fingerprint as string, record])),
    byStage: Map.groupBy(newestFirst, (record) => record.parts.stage.name),
    byOutput,
  };
}

export interface Nearest {
  readonly record: ActionRecord;
  readonly differences: ReadonlyArray<Difference>;
}

/** Whether a record was made by this very step of this very pipeline. */
const isOwn = (record: ActionRecord, graph: Graph, step: Step): boolean =>
  record.provenance.step === step.id && record.provenance.pipeline === graph.name;

/**
 * The record whose key differs least: among those of this step in this pipeline if there are any, else of the same step in
 * other cycles, else of the same stage. Of equals, the newest.
 */
export function nearestRecord(
  history: History,
  graph: Graph,
  step: Step,
  now: CurrentParts,
  files: FilesByField,
  accept: (record: ActionRecord) => boolean = () => true,
): Nearest | undefined {
  const candidates = (history.byStage.get(step.stage.name) ?? []).filter(accept);
  const own = candidates.filter((record) => isOwn(record, graph, step));
  let best: Nearest | undefined;
  for (const record of (own.length > 0 ? own : candidates).slice(0, maxCompared)) {
    const differences = differencesFrom(record, now, step, files);
    if (best === undefined || differences.length < best.differences.length) best = { record, differences };
  }
  return best;
}

/** Records that an estimate is taken from: the newest say most of the machine as it is now. */
const maxEstimated = 5;

/** Input port → bytes of what is linked to it, lists summed up; ports whose content is not known yet are left out. */
export type InputSizes = { readonly [port: string]: number };

/**
 * How long a step will take: the median of its own last records, else of its stage's, each scaled by how much larger or smaller
 * its inputs are now. Null where there is no record.
 */
export function estimateMs(history: History, graph: Graph, step: Step, sizes: InputSizes): number | null {
  const ofStage = history.byStage.get(step.stage.name) ?? [];
  const own = ofStage.filter((record) => isOwn(record, graph, step));
  const durations = (own.length > 0 ? own : ofStage)
    .slice(0, maxEstimated)
    .map((record) => record.provenance.durationMs * growth(recordedSizes(history, record), sizes))
    .sort((a, b) => a - b);
  return durations.length === 0 ? null : Math.round(durations[Math.floor((durations.length - 1) / 2)]!);
}

/** The ratio of the input that changed most: rows come in on several ports at once, and a model's size stays the same beside them. */
function growth(before: InputSizes, now: InputSizes): number {
  const ratios = Object.entries(now).flatMap(([port, size]) => {
    const earlier = before[port];
    return earlier === undefined || earlier === 0 || size === 0 ? [] : [size / earlier];
  });
  return ratios.reduce((most, ratio) => (Math.abs(Math.log(ratio)) > Math.abs(Math.log(most)) ? ratio : most), 1);
}

function recordedSizes(history: History, { parts }: ActionRecord): InputSizes {
  const sizes = Object.entries(parts.inputs).flatMap(([port, value]) => {
    const digests = typeof value === "string" ? [value] : value;
    const bytes = digests.map((digest) => sizeOf(history, digest));
    return bytes.includes(undefined) ? [] : [[port, bytes.reduce<number>((sum, size) => sum + size!, 0)] as const];
  });
  return Object.fromEntries(sizes);
}

const sizeOf = (history: History, digest: string): number | undefined =>
  Object.values(history.byOutput.get(digest)?.[0]?.outputs ?? {}).find((output) => output.digest === digest)?.sizeBytes;
