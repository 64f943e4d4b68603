/** Runs side by side: what they were told, and how long their steps took. One value a run, null where a run has none. */
import { absentMeaningsOf } from "./absentMeans.ts";
import type { ActionRecord, EngineIdentity } from "./ActionRecord.ts";
import { canonicalJson, type Json } from "./canonicalJson.ts";
import type { PastRun } from "./pastRun.ts";
import type { AnyStage } from "./Stage.ts";

export interface ConfigRow {
  /** `params.cycles`, `seed`, `distil.student.learningRate`; with its cycle where cycles of a step differ. */
  readonly path: string;
  readonly values: ReadonlyArray<Json>;
}

export interface DurationRow {
  readonly step: string;
  /** Null where the step was a hit, or is not part of the run. */
  readonly values: ReadonlyArray<number | null>;
}

export interface MetricsRow {
  readonly step: string;
  readonly name: string;
  readonly values: ReadonlyArray<number | null>;
}

export interface Comparison {
  readonly config: ReadonlyArray<ConfigRow>;
  readonly metrics: ReadonlyArray<MetricsRow>;
  readonly durationMs: ReadonlyArray<DurationRow>;
}

type Values = ReadonlyMap<string, Json>;

/**
 * Every value of every run's configuration. What all steps of a run share stands once: its engine, and the seed.
 * @param stages tell what a field that old records lack means
 */
export function compareConfigs(
  runs: ReadonlyArray<PastRun>,
  stages: ReadonlyArray<AnyStage>,
): ReadonlyArray<ConfigRow> {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const bySteps = runs.map((run) => stepValues(run, byName));
  const engines = bySteps.map(sharedEngine);
  const withEngine = engines.includes(undefined) ? bySteps : bySteps.map((steps) => steps.map(withoutEngine));
  const uneven = new Set(withEngine.flatMap((values) => [...unevenPaths(values)]));
  const all = runs.map(
    (run, i) =>
      new Map([
        ...fileValues(run),
        ...(engines.includes(undefined) ? [] : leaves("engine", { ...engines[i] })),
        ...foldCycles(withEngine[i]!, uneven),
      ]),
  );
  return namesOf(all).map((path) => ({ path, values: all.map((values) => values.get(path) ?? null) }));
}

export function compareDurations(runs: ReadonlyArray<PastRun>): ReadonlyArray<DurationRow> {
  const all = runs.map(({ steps }) => new Map(steps.map(({ step, durationMs }) => [step, durationMs])));
  return namesOf(all).map((step) => ({ step, values: all.map((durations) => durations.get(step) ?? null) }));
}

/**
 * The rows that differ, for people. A step that a run does not have is compared with the step of that run whose name ends alike
 * and which uses the same stage (`distil2.student` with `distil.student`), so that a branch shows its change, not all of its steps.
 */
export function tellingRows(rows: ReadonlyArray<ConfigRow>): ReadonlyArray<ConfigRow> {
  const byPath = new Map(rows.map((row) => [row.path, row.values]));
  const uses = rows.filter(({ path }) => path.endsWith(".uses"));
  return rows.filter(differs).flatMap((row) => {
    const own = uses.find(({ path }) => row.path.startsWith(path.slice(0, -"uses".length)));
    if (own === undefined || !own.values.includes(null)) return [row];
    const values = row.values.map((value, run) => {
      if (own.values[run] !== null) return value;
      const twin = uses.find((other) => isTwin(other, own, run));
      return twin === undefined ? null : (byPath.get(moved(row.path, own, twin))?.[run] ?? null);
    });
    const hasTwin = uses.some((other) => own.values.some((value, run) => value === null && isTwin(other, own, run)));
    if (!hasTwin) return row === own ? [row] : [];
    return differs({ values }) ? [{ path: row.path, values }] : [];
  });
}

const isTwin = (other: ConfigRow, own: ConfigRow, run: number): boolean =>
  other !== own &&
  nameOf(other) === nameOf(own) &&
  own.values.includes(other.values[run]!) &&
  other.values[run] !== null;

/** `student` of `distil2.student.uses`. */
const nameOf = ({ path }: ConfigRow): string => path.split(".").at(-2)!;

const moved = (path: string, own: ConfigRow, twin: ConfigRow): string =>
  twin.path.slice(0, -"uses".length) + path.slice(own.path.length - "uses".length);

/** True where the runs do not agree. */
export const differs = ({ values }: { readonly values: ReadonlyArray<Json> }): boolean =>
  new Set(values.map((value) => canonicalJson(value))).size > 1;

/** In the order in which they first come, run after run. */
export const namesOf = (all: ReadonlyArray<ReadonlyMap<string, unknown>>): ReadonlyArray<string> => [
  ...new Set(all.flatMap((values) => [...values.keys()])),
];

function fileValues({ manifest: { pipeline, seed, params } }: PastRun): Values {
  const given = Object.entries(params).map(([name, value]) => [`params.${name}`, value] as const);
  return new Map<string, Json>([["name", pipeline], ["seed", seed], ...given]);
}

interface StepValues {
  readonly step: string;
  readonly declaredAs: string;
  readonly engine: EngineIdentity | undefined;
  readonly values: Values;
}

const stepValues = (run: PastRun, stages: ReadonlyMap<string, AnyStage>): ReadonlyArray<StepValues> =>
  run.steps.flatMap(({ step, declaredAs, record }) =>
    record === undefined
      ? []
      : [{ step, declaredAs, engine: record.parts.engine, values: keyValues(record, run.manifest.seed, stages) }],
  );

/** All of a key but the digests of its inputs, which follow from the rest. */
function keyValues({ parts }: ActionRecord, runSeed: number, stages: ReadonlyMap<string, AnyStage>): Values {
  const { stage, config, seed, engine } = parts;
  const known = stages.get(stage.name);
  const meanings = known === undefined ? [] : [...absentMeaningsOf(known)];
  return new Map<string, Json>([
    ["uses", `${stage.name}@${stage.version}`],
    // Of a stage of the user's own the code tells more than its version.
    ...leaves("code", stage.code),
    ...leaves("packages", stage.packages as ReadonlyArray<Json> | undefined),
    ...meanings.flatMap(([path, meaning]) => leaves(path, meaning)),
    ...leaves("", config),
    ...(seed === undefined || seed === runSeed ? [] : [["seed", seed] as const]),
    ...leaves("engine", { ...engine }),
  ]);
}

/** What every step that computes was computed by; undefined where they do not agree. */
function sharedEngine(steps: ReadonlyArray<StepValues>): Partial<EngineIdentity> | undefined {
  const engines = steps.flatMap(({ engine }) => (engine === undefined ? [] : [engine]));
  const texts = new Set(engines.map((engine) => canonicalJson({ ...engine })));
  return texts.size > 1 ? undefined : (engines[0] ?? {});
}

const withoutEngine = (step: StepValues): StepValues => ({
  ...step,
  values: new Map([...step.values].filter(([path]) => !path.startsWith("engine."))),
});

function leaves(at: string, value: Json | undefined): ReadonlyArray<readonly [string, Json]> {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[at, value]];
  return Object.entries(value as { readonly [key: string]: Json | undefined }).flatMap(([key, member]) =>
    leaves(at === "" ? key : `${at}.${key}`, member),
  );
}

/** `distil.half.rows` where not every cycle has the same. */
function unevenPaths(steps: ReadonlyArray<StepValues>): ReadonlySet<string> {
  const first = new Map<string, string>();
  const uneven = new Set<string>();
  for (const { declaredAs, values } of steps) {
    for (const [field, value] of values) {
      const path = `${declaredAs}.${field}`;
      const text = canonicalJson(value);
      if (!first.has(path)) first.set(path, text);
      else if (first.get(path) !== text) uneven.add(path);
    }
  }
  return uneven;
}

const foldCycles = (steps: ReadonlyArray<StepValues>, uneven: ReadonlySet<string>): Values =>
  new Map(
    steps.flatMap(({ step, declaredAs, values }) =>
      [...values].map(
        ([field, value]) =>
          [uneven.has(`${declaredAs}.${field}`) ? `${step}.${field}` : `${declaredAs}.${field}`, value] as const,
      ),
    ),
  );
