/**
 * The unrolled graph of a pipeline: what `src/spec` produces from a file and the engine of this folder plans and runs.
 * Loops and matrices are gone; every step has its final id, and links point at earlier steps only (topological order).
 */
import type { Json } from "./canonicalJson.ts";
import type { AnyArtifactType } from "./ArtifactType.ts";
import type { FolderChoice } from "./path.ts";
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
  /** `bi0`, `distil[2].student`. */
  readonly id: string;
  /** The id without cycle numbers: `distil.student`. */
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
  readonly location: SourceLocation;
  /** Garbage collection keeps what it made. In no key. */
  readonly pin?: boolean;
}

/** A loop or matrix as written, for views that fold it. */
export interface LoopInfo {
  readonly id: string;
  readonly cycles: number;
  /** Names of the steps in its body, in written order. */
  readonly body: ReadonlyArray<string>;
}

export interface Graph {
  readonly name: string;
  /** Absolute path of the pipeline file. */
  readonly file: string;
  readonly seed: number;
  readonly params: { readonly [name: string]: Json };
  readonly steps: ReadonlyArray<Step>;
  readonly loops: ReadonlyArray<LoopInfo>;
  /** The file's `outputs`: name → link. */
  readonly outputs: { readonly [name: string]: Link };
}

/** Every link of a step in port order, list ports flattened. */
export function linksOf(step: Step): ReadonlyArray<{ readonly port: string; readonly link: Link }> {
  return Object.keys(step.inputs).flatMap((port) => {
    const value = step.inputs[port]!;
    return (Array.isArray(value) ? (value as ReadonlyArray<Link>) : [value as Link]).map((link) => ({ port, link }));
  });
}

/** The link behind `port` or `port[3]`. */
export function linkAt(step: Step, path: string): Link | undefined {
  const [, port, position] = /^(.*?)(?:\[(\d+)\])?$/.exec(path) ?? [];
  const value = step.inputs[path] ?? step.inputs[port!];
  if (value === undefined) return undefined;
  return Array.isArray(value) ? (value as ReadonlyArray<Link>)[Number(position)] : (value as Link);
}
