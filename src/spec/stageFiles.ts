/** The files that a pipeline names as stages of its user's own: found in the tree before anything of it is checked. */
import { relative, resolve } from "node:path";
import { isStageFile, type StageFiles, type StageProblem } from "../core/StageFile.ts";
import type { AnyStage } from "../core/Stage.ts";
import { quoted } from "../core/suggest.ts";
import type { Diagnostic, Related } from "../core/Diagnostic.ts";
import type { Reporter } from "./Reporter.ts";
import { entryOf, type ScalarNode, type YamlNode } from "./YamlNode.ts";

/** The folder of a file as places name it; without a name, of the pipeline file itself: there paths begin. */
export type FolderOf = (file?: string) => string;

/** Absolute paths, each once. Misspelt keys count too, since they are taken for what was meant (shape.ts). */
export function stageFilesIn(root: YamlNode, folderOf: FolderOf): ReadonlyArray<string> {
  const found = new Set<string>();
  const visit = (node: YamlNode | undefined): void => {
    for (const member of node?.kind === "mapping" ? node.entries : []) {
      for (const { value } of member.value.kind === "mapping" ? member.value.entries : []) {
        if (value.kind === "scalar" && typeof value.value === "string" && isStageFile(value.value))
          found.add(resolve(folderOf(value.span.file), value.value));
      }
      visit(entryOf(member.value, "steps")?.value);
    }
  };
  visit(entryOf(root, "steps")?.value);
  return [...found];
}

export interface StageFileReading {
  readonly folderOf: FolderOf;
  /** Paths in messages are told from there. */
  readonly cwd: string;
  readonly files: StageFiles;
  /** Files whose problems were reported: at the first step that uses them. */
  readonly told: Set<string>;
}

/** The stage of a file; undefined where it is none, which is reported with its place in the file. */
export function stageOfFile(uses: ScalarNode, reading: StageFileReading, reporter: Reporter): AnyStage | undefined {
  const written = String(uses.value);
  const path = resolve(reading.folderOf(uses.span.file), written);
  const found = reading.files.get(path);
  if (found === undefined) {
    reporter.report(uses.span, `a stage of your own (${quoted(written)}) cannot be used here`);
    return undefined;
  }
  for (const problem of reading.told.has(path) ? [] : (found.problems ?? [])) {
    const message = `stage ${quoted(written)} ${problem.message}`;
    const related = relatedPlace(problem, reading.cwd);
    reporter.report(uses.span, message, problem.hint, `${message} ${related?.location.line}`, related);
  }
  reading.told.add(path);
  return found.stage;
}

/** A problem where the file was named by an argument, not by a pipeline. */
export function argumentDiagnostic(argument: string, problem: StageProblem, cwd: string): Diagnostic {
  const related = relatedPlace(problem, cwd);
  return {
    argument,
    message: `the stage ${problem.message}`,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(related === undefined ? {} : { related }),
  };
}

/** The place in the stage's own file, as seen from the working directory. */
function relatedPlace({ place }: StageProblem, cwd: string): Related | undefined {
  if (place === undefined) return undefined;
  const near = relative(cwd, place.file);
  const file = near.length < place.file.length ? near : place.file;
  return { location: { file, line: place.line, column: place.column }, length: place.length };
}
