/**
 * The log of a run by pino: every event with its time and level into `runs/<run>/log.ndjson`, and to stderr where PIPELINE_LOG
 * names a level. pino is loaded at the first thing worth a line, so that a run with nothing to do stays fast.
 */
import type { Logger } from "pino";
import type { RunEvent } from "../core/events.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

export interface RunLogWriter {
  readonly note: (event: RunEvent) => void;
  /** Resolves when everything noted is written. Never fails: a log that cannot be written costs no step. */
  readonly close: () => Promise<void>;
}

/** At which level an event is logged. */
function levelOf(event: RunEvent): Exclude<LogLevel, "silent" | "fatal"> {
  switch (event.event) {
    case "step.failed":
      return "error";
    case "step.skipped":
      return event.isStopped === true ? "debug" : "warn";
    case "step.retried":
    case "step.warning":
    case "step.interrupted":
      return "warn";
    case "step.hit":
      return "debug";
    case "step.progress":
      return "trace";
    case "run.finished":
      return event.status === "succeeded" ? "info" : "warn";
    default:
      return "info";
  }
}

/** `file`: path of the log; its folder is made. `stderrLevel`: what also goes to stderr. */
export function openPinoLog(options: { readonly file: string; readonly stderrLevel: LogLevel }): RunLogWriter {
  let pending: Array<{ readonly event: RunEvent; readonly time: string }> = [];
  let loading: Promise<void> | undefined;
  let logger: Logger | undefined;
  const write = ({ event, time }: (typeof pending)[number]) => {
    const { event: name, ...facts } = event;
    logger?.[levelOf(event)]({ time, ...facts }, name);
  };
  const load = async () => {
    logger = await makeLogger(options).catch(() => undefined);
    pending.forEach(write);
    pending = [];
  };
  return {
    note: (event) => {
      const entry = { event, time: new Date().toISOString() };
      if (logger !== undefined) return write(entry);
      if (loading === undefined || pending.length > 0) pending.push(entry);
      if (isWorthALog(event) || options.stderrLevel !== "silent") loading ??= load();
    },
    close: async () => {
      await loading;
    },
  };
}

/** A run of hits alone leaves its events in the run's record, and needs no log beside it. */
const isWorthALog = (event: RunEvent): boolean => event.event === "step.started" || event.event === "step.failed";

async function makeLogger({ file, stderrLevel }: { readonly file: string; readonly stderrLevel: LogLevel }) {
  const { pino } = await import("pino");
  const toFile = { level: "trace", stream: pino.destination({ dest: file, mkdir: true, sync: true }) } as const;
  const toStderr = { level: stderrLevel as "info", stream: pino.destination({ dest: 2, sync: true }) };
  const streams = stderrLevel === "silent" ? [toFile] : [toFile, toStderr];
  return pino({ base: null, level: "trace", timestamp: false }, pino.multistream(streams));
}
