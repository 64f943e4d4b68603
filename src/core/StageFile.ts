/**
 * A stage of the user's own: `uses: ./my-stage.ts`. Core knows what of its code is in the key and how another process gets at
 * the same code; how a file becomes a stage is the business of `src/ownStages`.
 */
import { dirname, relative } from "node:path";
import type * as Effect from "effect/Effect";
import type { StoreError } from "./errors.ts";
import type { SourceLocation } from "./Graph.ts";
import type { AnyStage } from "./Stage.ts";

/** What `uses` looks like where it names a file: it begins as a path does, or ends as a module does. */
export const stageFilePattern = /^\.{0,2}\/|\.[cm]?[jt]s$/;
export const isStageFile = (uses: string): boolean => stageFilePattern.test(uses);

/** The code of a stage as it was when it was read: what runs is this, whatever becomes of the files meanwhile. */
export interface StageCode {
  /** Absolute path of the file that `uses` names; in no key. */
  readonly file: string;
  /** sha256 of the bundle of the file and all it imports, packages apart, without comments, types, blanks and local names. */
  readonly digest: string;
  /** `name@version` of every package that is imported, sorted. */
  readonly packages: ReadonlyArray<string>;
  readonly module: StageModule;
}

/** The bundle as a module that any process on this cache can load. */
export interface StageModule {
  /** Absolute path of the file, whose name is the sha256 of its text. */
  readonly path: string;
  /** What it imports by name → where that import stood, for there it is resolved. */
  readonly imports: { readonly [specifier: string]: PackageImport };
}

export interface PackageImport {
  /** As written. */
  readonly specifier: string;
  /** Absolute path of the file that imports it. */
  readonly from: string;
  /** `name@version` that it resolved to when the bundle was made. */
  readonly package: string;
}

/** What is wrong with a stage's file: `place` is in the file or in one that it imports. */
export interface StageProblem {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place?: (SourceLocation & { readonly length: number }) | undefined;
}

export type StageFileResult =
  | { readonly stage: AnyStage; readonly problems?: never }
  | { readonly stage?: never; readonly problems: ReadonlyArray<StageProblem> };

/** Absolute paths → what each of them is. */
export type StageFiles = ReadonlyMap<string, StageFileResult>;
export type LoadStageFiles = (paths: ReadonlyArray<string>) => Effect.Effect<StageFiles, StoreError>;

/** A stage as `uses` names it in a pipeline file: by its name, or by its path from there. */
export function stageLabel(stage: AnyStage, pipelineFile: string): string {
  if (stage.code === undefined) return stage.name;
  const near = relative(dirname(pipelineFile), stage.code.file).replaceAll("\\", "/");
  return near.startsWith("../") ? near : `./${near}`;
}
