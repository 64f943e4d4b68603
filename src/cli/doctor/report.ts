/** What `pipeline doctor` finds, and how it shows it. */
import { listed } from "../../core/suggest.ts";
import { defaultChoice } from "../../engine/EngineChoice.ts";
import type { InstalledTensorFlow } from "../../engine/tensorflow/installed.ts";
import type { Colors } from "../../log/colors.ts";
import { renderTable } from "../../log/table.ts";
import { wrapText } from "../wrapText.ts";
import type { CacheCheck, Machine } from "./machine.ts";
import type { ProbeResult } from "./ProbeResult.ts";

export interface Report {
  /** All that runs need without further options works. */
  readonly ok: boolean;
  readonly machine: Machine;
  readonly cache: CacheCheck;
  readonly onnxruntime: { readonly version: string; readonly devices: ReadonlyArray<string> };
  readonly tensorflow: InstalledTensorFlow | null;
  /** Threads that were computed with. */
  readonly threads: number;
  readonly engines: ReadonlyArray<EngineReport>;
  readonly missing: ReadonlyArray<Missing>;
}

export type EngineReport = ProbeResult & { readonly engine: string; readonly device: string };

export interface Missing {
  readonly what: string;
  /** Whether runs without further options need it. */
  readonly isNeeded: boolean;
  readonly why: string;
  /** In words: what is lacking, or what to do. */
  readonly needs: string;
  /** What installs it, where one command does. */
  readonly command: string | null;
}

export const isDefault = ({ engine, device }: { readonly engine: string; readonly device: string }): boolean =>
  engine === defaultChoice.engine && device === defaultChoice.device;

/** What does not work, with its remedy. */
export function missingOf(cache: CacheCheck, engines: ReadonlyArray<EngineReport>): ReadonlyArray<Missing> {
  const lacking = engines.flatMap((each): ReadonlyArray<Missing> => {
    if (each.works) return [];
    const what = each.problem.includes("not installed") ? each.engine : `${each.engine} on ${each.device}`;
    return [{ what, isNeeded: isDefault(each), why: each.problem, command: null, ...each.remedy }];
  });
  return [...cacheProblems(cache), ...lacking];
}

function cacheProblems({ folder, writable, links, code }: CacheCheck): ReadonlyArray<Missing> {
  if (links) return [];
  const why = writable
    ? `${folder} is on a disk without hard links (${code}), by which results are published`
    : `${folder} cannot be written (${code})`;
  const needs = "name another folder: --cache DIR, or PIPELINE_CACHE";
  return [{ what: "cache", isNeeded: true, why, needs, command: null }];
}

/** @param width columns of the terminal */
export function reportLines(report: Report, colors: Colors, width: number): ReadonlyArray<string> {
  return [
    ...factLines(report),
    "",
    ...engineLines(report, colors),
    ...report.missing.flatMap((each) => ["", ...missingLines(each, colors, width)]),
    "",
    report.ok
      ? colors.good("All that runs need works.")
      : colors.bad("Something that every run needs does not work: see above."),
  ];
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;

function factLines({ machine, cache, onnxruntime, tensorflow, threads }: Report): ReadonlyArray<string> {
  const { cores, cpuFeatures, gpus } = machine;
  const used = threads === cores ? "" : `, ${threads} used`;
  const isKept = cache.links ? "can be written, hard links work" : "of no use";
  const facts = [
    ["Node", `${machine.node}, ${machine.platform}`],
    ["processor", `${machine.cpu}, ${cores} core${cores === 1 ? "" : "s"}${used}`],
    ["", cpuFeatures.join(" ")],
    ["memory", gigabytes(machine.memoryBytes)],
    ...(gpus.length === 0 ? [["GPU", "none that nvidia-smi shows"]] : gpus.map(gpuFact)),
    ["cache", `${cache.folder}: ${gigabytes(cache.freeBytes)} free, ${isKept}`],
    ["onnxruntime", `${onnxruntime.version}, for ${listed(onnxruntime.devices)}`],
    ["tensorflow", tensorflow === null ? "not installed" : installedWords(tensorflow)],
    ["Python", "not needed"],
  ];
  return renderTable([{ title: "" }, { title: "" }], facts);
}

const gpuFact = ({ name, driver, memory }: Machine["gpus"][number]) => ["GPU", `${name}, ${memory}, driver ${driver}`];

const installedWords = ({ package: name, version, tensorflow, from }: InstalledTensorFlow): string =>
  `${tensorflow} behind ${name} ${version}${from === "pypi" ? ", built against PyPI's" : ""}`;

const right = (title: string) => ({ title, align: "right" as const });

function engineLines({ engines }: Report, colors: Colors): ReadonlyArray<string> {
  const columns = [{ title: "engine" }, { title: "device" }, right("GFLOP/s"), right("ms an update"), { title: "" }];
  const lines = renderTable(columns, engines.map(engineCells));
  return lines.map((line, i) => (i === 0 ? colors.strong(line) : engines[i - 1]!.works ? line : colors.faint(line)));
}

function engineCells(each: EngineReport): ReadonlyArray<string> {
  const { engine, device } = each;
  if (!each.works) return [engine, device, "–", "–", "not available"];
  const { gigaflops, stepMs } = each;
  const digits = gigaflops < 10 ? 1 : 0;
  return [engine, device, gigaflops.toFixed(digits), stepMs.toFixed(1), isDefault(each) ? "the default" : ""];
}

/** What and why, then what to do; the command on a line of its own, for copying. */
function missingLines(each: Missing, colors: Colors, width: number): ReadonlyArray<string> {
  const { what, isNeeded, why, needs, command } = each;
  const optional = isNeeded ? "" : " (optional)";
  const [first = "", ...rest] = wrapText(`${what}${optional}: ${why}.`, width);
  const title = (isNeeded ? colors.bad : colors.strong)(what);
  const todo = wrapText(`${needs}${command === null ? "" : ":"}`, width - 2).map((line) => `  ${line}`);
  return [`${title}${first.slice(what.length)}`, ...rest, ...todo, ...(command === null ? [] : [`    ${command}`])];
}
