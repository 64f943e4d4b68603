/**
 * Where a value of a past run comes from, and what was made of it: steps with what their keys held, the artifacts between them,
 * the files at the beginning. Links are followed by digest: the step that made an artifact is the first of the run that has it.
 */
import type { EngineIdentity } from "./ActionRecord.ts";
import type { Json } from "./canonicalJson.ts";
import type { PastRun, PastStep } from "./pastRun.ts";

export type LineageNode =
  | {
      /** The step's id. */
      readonly id: string;
      readonly kind: "step";
      /** `train-simcse@1` */
      readonly stage: string;
      readonly fingerprint: string;
      /** As in the key: paths stand for the contents of their files. */
      readonly config: { readonly [field: string]: Json | undefined };
      readonly seed?: number;
      readonly engine?: EngineIdentity;
      /** The run that computed it: an earlier one where the step was a hit. */
      readonly run: string;
      readonly durationMs: number;
    }
  | {
      /** The digest. */
      readonly id: string;
      readonly kind: "artifact";
      readonly type: string;
      readonly sizeBytes: number;
      /** `bi0.encoder`, and other steps of the run that came to the same bytes. */
      readonly outputs: ReadonlyArray<string>;
    }
  | { readonly id: string; readonly kind: "file"; readonly path: string; readonly digest: string }
  | {
      readonly id: string;
      readonly kind: "metric";
      readonly step: string;
      readonly name: string;
      readonly value: number;
    };

/** In the direction in which things were made. `port`: of the step at one end; for a file the setting that names it. */
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  readonly port: string;
}

export interface Lineage {
  readonly nodes: ReadonlyArray<LineageNode>;
  readonly edges: ReadonlyArray<LineageEdge>;
}

/** What is asked about: a step's output, any artifact, or a file. */
export type LineageTarget =
  | { readonly kind: "step"; readonly step: string }
  | { readonly kind: "artifact"; readonly digest: string }
  | { readonly kind: "file"; readonly digest: string };

export interface BothWays {
  /** With the target, in the order of the run. */
  readonly upstream: ReadonlyArray<string>;
  readonly downstream: ReadonlyArray<string>;
  readonly lineage: Lineage;
}

export const fileId = (path: string): string => `file:${path}`;

/** The graph of a target, both ways, and the ids of the steps on each side. */
export function lineageOf(run: PastRun, target: LineageTarget): BothWays {
  const tracing = new Tracing(run);
  const before = new Set<string>();
  const after = new Set<string>();
  if (target.kind === "file") {
    for (const step of tracing.readersOf(target.digest)) {
      tracing.file(step, target.digest);
      after.add(step.step);
      tracing.onwards(tracing.outputs(step.step), after);
    }
  } else if (target.kind === "step") {
    tracing.upwards(target.step, before);
    tracing.onwards(tracing.outputs(target.step), after);
  } else {
    const maker = tracing.makerOf(target.digest)!;
    tracing.upwards(maker, before);
    tracing.output(maker, target.digest);
    tracing.onwards([target.digest], after);
  }
  const inOrder = (steps: ReadonlySet<string>) => run.steps.map(({ step }) => step).filter((step) => steps.has(step));
  return { upstream: inOrder(before), downstream: inOrder(after), lineage: tracing.lineage() };
}

/** Collects nodes and edges; every step is visited once in each direction. */
class Tracing {
  private readonly nodes = new Map<string, LineageNode>();
  private readonly edges = new Map<string, LineageEdge>();
  private readonly byStep: ReadonlyMap<string, PastStep>;
  private readonly madeBy = new Map<string, Array<{ readonly step: string; readonly port: string }>>();
  private readonly usedBy = new Map<string, Array<PastStep>>();
  private readonly run: PastRun;

  constructor(run: PastRun) {
    this.run = run;
    this.byStep = new Map(run.steps.map((step) => [step.step, step]));
    for (const step of run.steps) {
      for (const [port, digest] of Object.entries(step.outputs)) push(this.madeBy, digest, { step: step.step, port });
      for (const digest of new Set(inputsOf(step).map(({ digest }) => digest))) push(this.usedBy, digest, step);
    }
  }

  lineage(): Lineage {
    return { nodes: [...this.nodes.values()], edges: [...this.edges.values()] };
  }

  makerOf(digest: string): string | undefined {
    return this.madeBy.get(digest)?.[0]?.step;
  }

  readersOf(digest: string): ReadonlyArray<PastStep> {
    return this.run.steps.filter((step) => filesOf(step).some((file) => file.digest === digest));
  }

  /** The step, and all that led to it. */
  upwards(step: string, seen: Set<string>): void {
    const open = [step];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const past = this.step(id);
      for (const file of filesOf(past)) this.file(past, file.digest);
      for (const { port, digest } of inputsOf(past)) {
        this.artifact(digest);
        this.edge(digest, id, port);
        const maker = this.makerOf(digest);
        if (maker === undefined) continue;
        this.output(maker, digest);
        open.push(maker);
      }
    }
  }

  /** All that was made of artifacts. */
  onwards(digests: ReadonlyArray<string>, seen: Set<string>): void {
    const open = [...digests];
    for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
      for (const user of this.usedBy.get(digest) ?? []) {
        for (const input of inputsOf(user)) if (input.digest === digest) this.edge(digest, user.step, input.port);
        if (seen.has(user.step)) continue;
        seen.add(user.step);
        open.push(...this.outputs(user.step));
      }
    }
  }

  /** The digests of a step's outputs, which become nodes. */
  outputs(step: string): ReadonlyArray<string> {
    const outputs = Object.entries(this.step(step).outputs);
    for (const [port, digest] of outputs) {
      this.artifact(digest);
      this.edge(step, digest, port);
    }
    return outputs.map(([, digest]) => digest);
  }

  /** The step's outputs that are this artifact. */
  output(step: string, digest: string): void {
    this.artifact(digest);
    for (const [port, made] of Object.entries(this.step(step).outputs))
      if (made === digest) this.edge(step, digest, port);
  }

  artifact(digest: string): void {
    if (this.nodes.has(digest)) return;
    const makers = this.madeBy.get(digest) ?? [];
    const stored = makers.map(({ step, port }) => this.byStep.get(step)!.record?.outputs[port]).find(Boolean);
    const outputs = makers.map(({ step, port }) => `${step}.${port}`);
    const { type = "", sizeBytes = 0 } = stored ?? {};
    this.nodes.set(digest, { id: digest, kind: "artifact", type, sizeBytes, outputs });
  }

  file(step: PastStep, digest: string): void {
    this.step(step.step);
    for (const file of filesOf(step).filter((each) => each.digest === digest)) {
      const id = fileId(file.path);
      this.nodes.set(id, { id, kind: "file", path: file.path, digest });
      this.edge(id, step.step, file.field);
    }
  }

  private step(id: string): PastStep {
    const past = this.byStep.get(id)!;
    if (this.nodes.has(id) || past.record === undefined) return past;
    const { parts, provenance } = past.record;
    this.nodes.set(id, {
      id,
      kind: "step",
      stage: `${parts.stage.name}@${parts.stage.version}`,
      fingerprint: past.fingerprint,
      config: parts.config,
      ...(parts.seed === undefined ? {} : { seed: parts.seed }),
      ...(parts.engine === undefined ? {} : { engine: parts.engine }),
      run: provenance.run,
      durationMs: provenance.durationMs,
    });
    return past;
  }

  private edge(from: string, to: string, port: string): void {
    this.edges.set(JSON.stringify([from, to, port]), { from, to, port });
  }
}

function push<Value>(map: Map<string, Array<Value>>, key: string, value: Value): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [value]);
  else there.push(value);
}

/** Each digest a step was given, lists flattened: `scores[0]`. */
function inputsOf({ record }: PastStep): ReadonlyArray<{ readonly port: string; readonly digest: string }> {
  return Object.entries(record?.parts.inputs ?? {}).flatMap(([port, value]) =>
    typeof value === "string"
      ? [{ port, digest: value }]
      : value.map((digest, i) => ({ port: `${port}[${i}]`, digest })),
  );
}

export const filesOf = ({ record }: PastStep) =>
  Object.entries(record?.provenance.files ?? {}).flatMap(([field, files]) =>
    files.map(({ path, digest }) => ({ field, path, digest })),
  );
