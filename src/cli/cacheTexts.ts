/** What `pipeline cache` prints, and the JSON of its garbage collection. */
import { relative } from "node:path";
import { counted } from "../core/suggest.ts";
import { formatBytes } from "../core/bytes.ts";
import { renderTable } from "../log/table.ts";
import type { Amount, CacheStatus } from "../store/cacheStatus.ts";
import type { GcReport } from "../store/gc/collectGarbage.ts";
import type { Garbage } from "../store/gc/findGarbage.ts";
import type { VerifyReport } from "../store/verify.ts";

export function statusLines(found: CacheStatus): ReadonlyArray<string> {
  const amounts: ReadonlyArray<readonly [string, Amount]> = [
    ["objects", found.objects],
    ["records", found.records],
    ["checkpoints", found.checkpoints],
    ["hub models", found.hub],
    ["code of own stages", found.stages],
    ["logs of runs", found.runs],
    ["damaged, set aside", found.quarantine],
  ];
  const rows = amounts.map(([name, { count, bytes }]) => [name, String(count), formatBytes(bytes)]);
  const { running } = found.runs;
  const leases = found.leases.map(
    ({ step, run, process, host, state }) =>
      `${step} of run ${run}, process ${process} on ${host}${state === "lives" ? "" : " (not known whether it lives)"}`,
  );
  return [
    `${relative(process.cwd(), found.cache) || found.cache} (layout ${found.layout})`,
    ...renderTable([{ title: "" }, { title: "", align: "right" }, { title: "", align: "right" }], rows),
    ...(running > 0 ? [`${counted(running, "run")} in progress`] : []),
    ...(found.lastUse === null ? [] : [`last use ${when(found.lastUse)}`]),
    ...(found.pins.length === 0 ? [] : [`pinned: ${found.pins.join(", ")}`]),
    ...found.pinnedSteps.map(({ file, steps }) => `pinned in ${relative(process.cwd(), file) || file}: ${few(steps)}`),
    ...(leases.length === 0 ? [] : ["being computed:", ...leases.map((line) => `  ${line}`)]),
  ];
}

/** Of a loop with `pin: true` in its body there may be thousands. */
function few(names: ReadonlyArray<string>): string {
  const shown = names.slice(0, 6);
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(", ");
}

const when = (iso: string): string => iso.slice(0, 19).replace("T", " ");

export function verifyLines(report: VerifyReport, isRepair: boolean): ReadonlyArray<string> {
  const { objects, bytes, records, checkpoints, damaged, again, movedAside } = report;
  const read = `read ${counted(objects, "object")} (${formatBytes(bytes)}), ${counted(records, "record")}, ${counted(checkpoints, "checkpoint")}`;
  if (damaged.length === 0) return [`${read}: all sound`];
  const lines = damaged.map(({ kind, path, reason }) => `  ${kind} ${relative(process.cwd(), path)}: ${reason}`);
  const steps = again.map(({ pipeline, step }) => `  ${step} of ${pipeline}`);
  const left = isRepair
    ? `${movedAside} of ${damaged.length} moved to quarantine/`
    : "`pipeline cache verify --repair` moves them aside";
  return [
    `${read}: ${counted(damaged.length, "file")} damaged`,
    ...lines,
    left,
    ...(steps.length === 0 ? [] : ["the next run that needs them makes again:", ...new Set(steps)]),
  ];
}

const kinds = {
  record: "records",
  object: "objects",
  checkpoint: "checkpoints",
  hub: "hub models",
  stage: "code of stages",
  run: "logs of runs",
  quarantine: "damaged files",
  aside: "half-written files",
} as const;

/** Rows are cut where there are more than a person reads; `--json` has all. */
const shownRecords = 20;

export function gcLines(report: GcReport, isDryRun: boolean): ReadonlyArray<string> {
  const { removed, keptRecords, keptObjects, keptBytes, isOverCap, liveRuns } = report;
  const verb = isDryRun ? "would remove" : "removed";
  const kept = `kept ${counted(keptRecords, "record")} and ${counted(keptObjects, "object")}, ${formatBytes(keptBytes)} in all`;
  const busy =
    liveRuns === 0
      ? []
      : [`${counted(liveRuns, "run")} in progress: all that ${liveRuns === 1 ? "it uses" : "they use"} stays`];
  const over = isOverCap ? ["more than --max-size is left: the rest is pinned, in use or younger than --grace"] : [];
  if (removed.length === 0) return ["nothing to remove", kept, ...busy, ...over];
  const bytes = removed.reduce((sum, each) => sum + each.bytes, 0);
  return [
    ...recordRows(removed),
    ...groupRows(removed),
    "",
    `${verb} ${formatBytes(bytes)}, ${kept}`,
    ...busy,
    ...over,
  ];
}

function recordRows(removed: ReadonlyArray<Garbage>): ReadonlyArray<string> {
  const records = removed.filter(({ kind }) => kind === "record");
  if (records.length === 0) return [];
  const rows = records.slice(0, shownRecords).map(({ step = "?", pipeline = "?", reason }) => [step, pipeline, reason]);
  const more = records.length - rows.length;
  return [
    ...renderTable([{ title: "step" }, { title: "pipeline" }, { title: "why" }], rows),
    ...(more > 0 ? [`… ${counted(more, "more record")}`] : []),
    "",
  ];
}

/** One row for each kind and reason, ages left out. */
function groupRows(removed: ReadonlyArray<Garbage>): ReadonlyArray<string> {
  const groups = Map.groupBy(removed, ({ kind, reason }) => `${kinds[kind]}\t${reason.replace(/\d+ (h|days)/, "…")}`);
  const rows = [...groups].map(([name, items]) => {
    const [kind = "", reason = ""] = name.split("\t");
    return [kind, String(items.length), formatBytes(items.reduce((sum, { bytes }) => sum + bytes, 0)), reason];
  });
  const right = { title: "", align: "right" } as const;
  return renderTable([{ title: "" }, right, right, { title: "" }], rows);
}

export const gcJson = (report: GcReport, isDryRun: boolean) => ({
  dryRun: isDryRun,
  removed: report.removed.map(({ kind, path, bytes, reason, step, pipeline, changedAtMs }) => ({
    kind,
    path,
    bytes,
    reason,
    lastUse: new Date(changedAtMs).toISOString(),
    ...(step === undefined ? {} : { step, pipeline }),
  })),
  removedBytes: report.removed.reduce((sum, { bytes }) => sum + bytes, 0),
  kept: { records: report.keptRecords, objects: report.keptObjects, bytes: report.keptBytes },
  isOverCap: report.isOverCap,
  runsInProgress: report.liveRuns,
});
