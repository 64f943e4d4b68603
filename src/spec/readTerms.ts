/** On what terms a step runs: its `timeout`, `retry`, `resources` and `pin`, in one cycle or cell. None of them enters a key. */
import * as Result from "effect/Result";
import * as SchemaParser from "effect/SchemaParser";
import { parseBytes } from "../core/bytes.ts";
import type { Step } from "../core/Graph.ts";
import { retriedCauses, type StepLimits } from "../core/limits.ts";
import type { Resources } from "../core/resources.ts";
import { closest, listed, quoted } from "../core/suggest.ts";
import type { StepDeclaration } from "./declarations.ts";
import type { Evaluated, Surroundings } from "./expression.ts";
import { fillIn, isFollowOn, placeOf } from "./filledIn.ts";
import { findingsOf, pathWords, type Finding } from "./findings.ts";
import type { Override } from "./params.ts";
import { TermsSchema, type Terms } from "./PipelineFile.ts";
import type { Reporter } from "./Reporter.ts";

export type StepTerms = Pick<Step, "limits" | "resources" | "pin">;

/** Undefined where they are wrong, which is reported. */
export function readTerms(
  declaration: StepDeclaration,
  overrides: ReadonlyArray<Override>,
  surroundings: Surroundings,
  reporter: Reporter,
): StepTerms | undefined {
  if (declaration.terms === undefined && overrides.length === 0) return noTerms;
  const evaluated = fillIn(declaration.terms, overrides, surroundings, reporter);
  const decoded = SchemaParser.decodeUnknownResult(TermsSchema)(evaluated.value, {
    errors: "all",
    onExcessProperty: "error",
    reportInput: true,
  });
  if (Result.isSuccess(decoded)) return evaluated.broken.length > 0 ? undefined : termsOf(decoded.success);
  const findings = findingsOf(decoded.failure, evaluated.value);
  const meant = new Set(findings.map(meantPath));
  for (const finding of findings)
    if (finding.kind !== "missing" || !meant.has(pathWords(finding.path)))
      reportFinding(declaration, finding, evaluated, reporter);
  return undefined;
}

/** What a misspelt key was meant to be, and so is not missing besides. */
function meantPath(finding: Finding): string | undefined {
  if (finding.kind !== "unexpected") return undefined;
  const likely = closest(String(finding.path.at(-1)), finding.known);
  return likely === undefined ? undefined : pathWords([...finding.path.slice(0, -1), likely]);
}

const noTerms: StepTerms = {};

function reportFinding(
  { name, terms, span }: StepDeclaration,
  finding: Finding,
  evaluated: Evaluated,
  reporter: Reporter,
): void {
  const { kind, path } = finding;
  if (kind !== "unexpected" && isFollowOn(evaluated, path)) return;
  const place = placeOf(terms, kind === "missing" ? path.slice(0, -1) : path, evaluated, span, kind === "unexpected");
  const [key, around] = [quoted(String(path.at(-1))), quoted(pathWords(path.slice(0, -1)))];
  if (kind === "unexpected") {
    const likely = closest(String(path.at(-1)), finding.known);
    const hint = likely === undefined ? `keys: ${listed(finding.known)}` : `did you mean ${quoted(likely)}?`;
    reporter.report(place, `unknown key ${key} in ${around} of step ${quoted(name)}`, hint);
  } else if (kind === "missing") {
    reporter.report(place, `${around} of step ${quoted(name)} has no ${key}`);
  } else {
    reporter.report(place, `step ${quoted(name)}: ${finding.message}`, finding.hint, pathWords(path));
  }
}

function termsOf({ timeout, retry, resources, pin }: Terms): StepTerms {
  const limits = { ...timeoutOf(timeout), ...retryOf(retry) };
  const claims = resources === undefined ? {} : claimsOf(resources);
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(claims).length === 0 ? {} : { resources: claims }),
    ...(pin === true ? { pin } : {}),
  };
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `1.5h`, as the schema has checked it. */
function durationMs(text: string): number {
  const [, number, unit] = /^([\d.]+)\s*(ms|s|m|h|d)$/.exec(text)!;
  return Number(number) * unitMs[unit as keyof typeof unitMs];
}

function timeoutOf(timeout: Terms["timeout"] = {}): StepLimits {
  const { total, progress }: { total?: string; progress?: string } =
    typeof timeout === "string" ? { total: timeout } : timeout;
  return {
    ...(total === undefined ? {} : { timeoutMs: durationMs(total) }),
    ...(progress === undefined ? {} : { progressTimeoutMs: durationMs(progress) }),
  };
}

/** What is tried again unless `on` says otherwise: what has nothing to do with the stage's own judgement. */
const byDefault = retriedCauses.filter((cause) => cause !== "stage-error");

function retryOf(retry: Terms["retry"] = 0): StepLimits {
  const { times, on = byDefault, wait = "1s" } = typeof retry === "number" ? { times: retry } : retry;
  return times === 0 ? {} : { retry: { times, on, waitMs: durationMs(wait) } };
}

const claimsOf = ({ cpu, memory, gpu }: NonNullable<Terms["resources"]>): Resources => ({
  ...(cpu === undefined ? {} : { cpu }),
  ...(memory === undefined ? {} : { memoryBytes: parseBytes(memory)! }),
  ...(gpu === undefined ? {} : { gpu }),
});
