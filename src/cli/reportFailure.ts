/**
 * The one place where an error becomes text and an exit code. Errors we know are a sentence and a hint; anything else is a
 * defect of ours and comes with its trace.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Diagnostic } from "../core/Diagnostic.ts";
import { exitCodes } from "./exitCodes.ts";
import { originalTrace } from "./originalTrace.ts";
import { writeError } from "./output.ts";

interface Tagged {
  readonly _tag: string;
  readonly message: string;
  readonly hint?: string;
  readonly step?: string;
  readonly path?: string;
  readonly line?: number;
  readonly diagnostics?: ReadonlyArray<Diagnostic>;
}

export async function reportFailure(error: unknown): Promise<number> {
  const known = error as Tagged;
  switch (typeof error === "object" && error !== null ? known._tag : undefined) {
    case "InvalidPipeline":
      writeError(await diagnosticsText(known.diagnostics ?? []));
      return exitCodes.invalid;
    case "SourceMissing":
      writeError(errorText(known));
      return exitCodes.invalid;
    case "StageFailure":
      writeError(errorText(known));
      return exitCodes.stepFailed;
    case "StoreError":
      writeError(errorText(known));
      return exitCodes.storeFailed;
    default:
      writeError(`error: this is a bug in tandem\n${originalTrace(traceOf(error))}\n`);
      return exitCodes.stepFailed;
  }
}

async function diagnosticsText(diagnostics: ReadonlyArray<Diagnostic>): Promise<string> {
  const { renderDiagnostics } = await import("../spec/renderDiagnostics.ts");
  return renderDiagnostics(diagnostics, textOf);
}

/** For excerpts only: a file that went away meanwhile has none. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** `data/pairs.tsv:17: error: …` and its hint. The place is left out where the message names it already. */
export function errorText(error: { message: string; hint?: string; path?: string; line?: number }): string {
  const named = error.path === undefined || error.message.includes(error.path);
  const place = named ? "" : `${nearPath(error.path!)}${error.line === undefined ? "" : `:${error.line}`}: `;
  const hint = error.hint === undefined ? "" : `  hint: ${error.hint}\n`;
  return `${place}error: ${error.message}\n${hint}`;
}

/** From the working directory, where that is shorter. */
function nearPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== "" && near.length < path.length ? near : path;
}

const traceOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
