/**
 * The unrolled graph of a pipeline: what `src/spec` produces from a file and the engine of this folder plans and runs.
 * Loops and matrices are gone; every step has its final id, and links point at earlier steps only (topological order).
 */
import type { Json } from "./canonicalJson.ts";
import type { AnyArtifactType } from "./ArtifactType.ts";
import type { StepLimits } from "./limits.ts";
import type { FolderChoice } from "./path.ts";
import type { Resources } from "./resources.ts";
import type { AnyStage } from "./Stage.ts";

/** A place in a pipeline file, from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Link {
  /** Index into `Graph.steps`. */
  readonly step: number;
  readonly port: string;
  /** Only of links to a loop that may stop (decisions.ts): all have to hold, or `otherwise` is meant, or nothing. */
  readonly when?: ReadonlyArray<Condition>;
  readonly otherwise?: Link;
}

/** A decision at the end of a loop's cycle, by index, and what it has to say. */
export interface Condition {
  readonly decision: number;
  readonly says: "on" | "stop";
}

/** A config field declared with `path()`, resolved to an absolute path or glob. */
export interface PathField {
  /** Dotted where nested: `source`. */
  readonly field: string;
  /** Absolute; may hold `*`, `**`, `?` and `[…]`. */
  readonly pattern: string;
  /** As written by the user, for messages. */
  readonly written: string;
  readonly kind: "file" | "folder";
  /** Of files: their base names enter the key too, since the outputs hold them (`path(…, { named: true })`). */
  readonly named?: boolean;
  /** Only for folders whose declaration selects files: names relative to the folder; the others are neither hashed nor handed on. */
  readonly only?: ReadonlyArray<string>;
  /** Beside `only`: of each choice the first list whose first file is there. */
  readonly firstOf?: ReadonlyArray<FolderChoice>;
  /** It names a folder elsewhere (`hub:owner/name@commit`); `pattern` is as written. */
  readonly isRemote?: true;
}

export interface Step {
  /** `bi0`, `distil[2].student`, `bi0[loss=bce,seed=1]`, `distil[loss=mse][2].cross`. */
  readonly id: string;
  /** The id without cycles and cells: `distil.student`. */
  readonly declaredAs: string;
  /** The cycle of the innermost loop, from 1; null outside of loops. */
  readonly cycle: number | null;
  readonly stage: AnyStage;
  /** Decoded, for `run`. */
  readonly config: unknown;
  /** With every default written out, path fields as written: what `plan --resolved` prints and, paths apart, the key sees. */
  readonly encodedConfig: { readonly [field: string]: Json | undefined };
  /** Present where the stage uses one. */
  readonly seed: number | undefined;
  readonly paths: ReadonlyArray<PathField>;
  /** An array where the port is a list port. */
  readonly inputs: { readonly [port: string]: Link | ReadonlyArray<Link> };
  readonly outputTypes: { readonly [port: string]: AnyArtifactType };
  /** Decisions that have to say "on" before it may run, outermost loop first; absent where there are none. */
  readonly gates?: ReadonlyArray<number>;
  /** Its `timeout` and `retry`, where it has any. In no key. */
  readonly limits?: StepLimits;
  /** What it claims of the machine it runs on, where it says so. In no key. */
  readonly resources?: Resources;
  readonly location: SourceLocation;
  /** Garbage collection keeps what it made for as long as its file says so. In no key. */
  readonly pin?: boolean;
}

/** A loop, for views that fold it. */
export interface LoopInfo {
  /** `distil`, `distil[loss=mse]`, `outer[2].inner`. */
  readonly id: string;
  /** At most, where it may stop. */
  readonly cycles: number;
  /** Of a loop that may stop: the step that decides at the end of each cycle, by index. */
  readonly decisions?: ReadonlyArray<number>;
  /** Its carried values after it, by name: `distil.teacher`. */
  readonly carried: { readonly [name: string]: Link };
  /** Names of the steps in its body, in written order. */
  readonly body: ReadonlyArray<string>;
}

/** A matrix, for views that fold it. */
export interface MatrixInfo {
  /** `bi0`, `distil[2].student`. */
  readonly id: string;
  readonly declaredAs: string;
  /** In written order. */
  readonly axes: { readonly [axis: string]: ReadonlyArray<string | number | boolean> };
  readonly cells: number;
}

export interface Graph {
  readonly name: string;
  /** Absolute path of the pipeline file. */
  readonly file: string;
  readonly seed: number;
  readonly params: { readonly [name: string]: Json };
  readonly steps: ReadonlyArray<Step>;
  readonly loops: ReadonlyArray<LoopInfo>;
  readonly matrices: ReadonlyArray<MatrixInfo>;
  /** The file's `outputs`: name → link. */
  readonly outputs: { readonly [name: string]: Link };
}

/** Every link of a step in port order, list ports flattened, all candidates of what a decision chooses. */
export function linksOf(step: Step): ReadonlyArray<{ readonly port: string; readonly link: Link }> {
  const links: Array<{ readonly port: string; readonly link: Link }> = [];
  for (const port of Object.keys(step.inputs)) {
    const value = step.inputs[port]!;
    for (const first of Array.isArray(value) ? (value as ReadonlyArray<Link>) : [value as Link]) {
      for (let link: Link | undefined = first; link !== undefined; link = link.otherwise) links.push({ port, link });
    }
  }
  return links;
}

/** The steps that have to be done, or left out, before it can be said what a step does. */
export function stepsBefore(step: Step): ReadonlySet<number> {
  const before = new Set(step.gates);
  for (const { link } of linksOf(step)) {
    before.add(link.step);
    for (const { decision } of link.when ?? []) before.add(decision);
  }
  return before;
}

/** The link behind `port` or `port[3]`. */
export function linkAt(step: Step, path: string): Link | undefined {
  const [, port, position] = /^(.*?)(?:\[(\d+)\])?$/.exec(path) ?? [];
  const value = step.inputs[path] ?? step.inputs[port!];
  if (value === undefined) return undefined;
  return Array.isArray(value) ? (value as ReadonlyArray<Link>)[Number(position)] : (value as Link);
}
