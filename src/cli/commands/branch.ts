/** `pipeline branch FILE --from 'distil[2]' --to NEW.yaml`: a new file that goes on from a cycle with other settings. */
import { existsSync, rmSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { stages } from "../../../stages/index.ts";
import { counted } from "../../core/suggest.ts";
import { branchPipeline, type Branch } from "../../spec/branch/branchPipeline.ts";
import { loadPipeline } from "../../spec/loadPipeline.ts";
import { type Invocation, numberOf, UsageError, valueOf, valuesOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printLines, writeError } from "../output.ts";
import { stageFilesOn } from "../ownStages.ts";
import { writeFileWhole } from "../outputFile.ts";
import { cacheFolder, checkPipelineFile } from "../places.ts";
import { perform } from "../session.ts";

export async function branch(invocation: Invocation): Promise<number> {
  const file = invocation.operands[0]!;
  const from = required(invocation, "from", "say where it goes on from: --from 'distil[2]'");
  const to = required(invocation, "to", "name the new file: --to NEW.yaml");
  checkPipelineFile(file);
  if (existsSync(to)) throw new UsageError("this file is there already", "name another one: --to NEW.yaml", to);
  const loadStageFiles = stageFilesOn(cacheFolder(undefined, dirname(resolve(file))));
  const surroundings = { env: process.env, cwd: process.cwd(), stages, loadStageFiles };
  const asked = { file, from, to, cycles: numberOf(invocation, "cycles"), sets: valuesOf(invocation, "set") };
  const made = await perform(branchPipeline({ ...asked, ...surroundings }));
  await writeFileWhole(to, [made.text]);
  await perform(loadPipeline({ file: to, sets: [], ...surroundings }).pipe(Effect.tapError(() => remove(to))));
  for (const note of made.notes) writeError(`note: ${note}\n`);
  printLines([...summary(to, made), runLine(file, to)]);
  return exitCodes.done;
}

/** What cannot be loaded is no branch. */
const remove = (path: string) => Effect.sync(() => rmSync(path, { force: true }));

function required(invocation: Invocation, name: string, hint: string): string {
  const value = valueOf(invocation, name);
  if (value === undefined) throw new UsageError(`\`branch\` needs --${name}`, hint);
  return value;
}

const summary = (to: string, { loop, newLoop, kept, further, changes }: Branch): ReadonlyArray<string> => [
  `${to}: ${loop} with ${counted(kept, "cycle")}, then ${newLoop} with ${counted(further, "cycle")}${changes.length > 0 ? ", where" : ""}`,
  ...changes.map(({ step, path, before, text }) => `  ${[step, ...path].join(".")}: ${asText(before)} → ${text}`),
];

/** Sharing wants one cache; the default one of another folder may be another. */
function runLine(file: string, to: string): string {
  const [cache, other] = [file, to].map((path) => cacheFolder(undefined, dirname(resolve(path))));
  return `run it: pipeline run ${to}${cache === other ? "" : ` --cache ${relative(".", cache!)}`}`;
}

const asText = (value: unknown): string =>
  value === null || value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);
