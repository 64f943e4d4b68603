/** From the file that `uses` names to a stage, or to all that is wrong with it. Core's `StageFile.ts` says what the parts mean. */
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import * as Effect from "effect/Effect";
import { StageFailure, type StoreError } from "../core/errors.ts";
import type { AnyStage, OwnCode } from "../core/Stage.ts";
import type { LoadStageFiles, StageCode, StageFileResult, StageProblem } from "../core/StageFile.ts";
import { closest, quoted } from "../core/suggest.ts";
import { mistakesOf } from "./checkStage.ts";
import { importModule } from "./importModule.ts";
import { sourcePlace, type SourcePlace } from "./sourcePlace.ts";
import { type CodeHost, type ReadCode, stageCodeOf } from "./stageCode.ts";

export interface StageHost extends CodeHost {
  /** URL of the module that stages import by this package's name. */
  readonly publicModule: string;
  /** Names of the stages there are. */
  readonly builtIn: ReadonlySet<string>;
}

export const loadStageFiles =
  (host: StageHost): LoadStageFiles =>
  (paths) =>
    Effect.map(
      Effect.forEach(paths, (path) => loadStageFile(path, host)),
      (results) => new Map(results.map((result, i) => [paths[i]!, result])),
    );

const loadStageFile = Effect.fnUntraced(function* (
  path: string,
  host: StageHost,
): Effect.fn.Return<StageFileResult, StoreError> {
  const unreadable = unreadableFile(path);
  if (unreadable !== undefined) return { problems: [unreadable] };
  const read = yield* stageCodeOf(path, host);
  if ("problems" in read) return read;
  const { defaultAt, hasDefault } = read;
  if (!hasDefault)
    return {
      problems: [
        { message: "has no default export", hint: "end it with `export default defineStage({ … })`", place: defaultAt },
      ],
    };
  return yield* Effect.promise(() => checkedStage(read, host));
});

async function checkedStage(
  { code, defaultAt, isEdited, moved }: ReadCode,
  { publicModule, builtIn }: StageHost,
): Promise<StageFileResult> {
  let stage: unknown;
  try {
    stage = (await importModule(code.module, publicModule)).default;
  } catch (error) {
    return { problems: [brokenImport(error, code, defaultAt)] };
  }
  const mistakes = mistakesOf(stage, builtIn);
  if (mistakes.length > 0)
    return { problems: mistakes.map(({ message, hint }) => ({ message, hint, place: defaultAt })) };
  return { stage: withCode(stage as AnyStage, { ...code, isEdited, moved }) };
}

function brokenImport(error: unknown, { module }: StageCode, defaultAt: StageProblem["place"]): StageProblem {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    message: `breaks when it is loaded: ${reason.split("\n")[0]}`,
    place: sourcePlace(error, module) ?? defaultAt,
  };
}

/** For a worker: the stage of a file that the driver has checked, and watches, from the same code. */
export async function openStage(code: StageCode, publicModule: string): Promise<AnyStage> {
  const { default: stage } = await importModule(code.module, publicModule);
  return withCode(stage as AnyStage, { ...code, isEdited: () => false, moved: () => undefined });
}

const withCode = (stage: AnyStage, code: OwnCode): AnyStage => ({
  ...stage,
  run: (context) => placingFaults(stage, code, context),
  code,
});

/** A fault in the stage's own code is told with its place there. */
const placingFaults = (stage: AnyStage, code: StageCode, context: Parameters<AnyStage["run"]>[0]) =>
  Effect.suspend(() => stage.run(context)).pipe(
    Effect.catchDefect((defect) => {
      const place = sourcePlace(defect, code.module);
      return place === undefined ? Effect.die(defect) : Effect.fail(faultAt(stage, defect as Error, place));
    }),
  );

const faultAt = (stage: AnyStage, { message, stack }: Error, place: SourcePlace): StageFailure =>
  new StageFailure({
    cause: "stage-error",
    message: `${stage.name} broke on a fault of its own: ${message}.`,
    hint: "This is a mistake in the stage, not in the pipeline file; the run's log has its trace.",
    path: place.file,
    line: place.line,
    ...(stack === undefined ? {} : { trace: stack }),
  });

function unreadableFile(path: string): StageProblem | undefined {
  try {
    if (!statSync(path).isFile())
      return { message: "is a folder, not a file", hint: "name the file in it whose default export is the stage" };
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") return { message: `cannot be read (${code})` };
    const near = closest(basename(path), namesIn(dirname(path)));
    return {
      message: "is not there",
      hint: near === undefined ? `it was looked for at ${path}` : `did you mean ${quoted(`./${near}`)}?`,
    };
  }
}

function namesIn(folder: string): ReadonlyArray<string> {
  try {
    return readdirSync(folder);
  } catch {
    return []; // only for a hint
  }
}
