/**
 * `pipeline run FILE`: runs what is stale. Progress goes to stderr (a live tree on a terminal), the run's id, the table of
 * metrics, the outputs and a summary to stdout; with `--json` stdout carries the events and nothing else.
 */
import { join, relative } from "node:path";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import type { RunEvent } from "../../core/events.ts";
import { runGraph, type RunSummary } from "../../core/run.ts";
import { makeRunId } from "../../core/runId.ts";
import { colorsOf, wantsColor } from "../../log/colors.ts";
import { type Display, jsonDisplay, liveDisplay, plainDisplay } from "../../log/display.ts";
import { formatDuration } from "../../log/duration.ts";
import { metricsTable } from "../../log/metricsTable.ts";
import { openPinoLog } from "../../log/pinoLog.ts";
import { checkpointEveryMs, checkpointVariable } from "../checkpointEveryMs.ts";
import { type Invocation, isOn, numberOf, valuesOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import type { OutputDigests } from "../knownOutputs.ts";
import { cacheLayer, runLayer } from "../layers.ts";
import { logLevel } from "../logLevel.ts";
import { originalTrace } from "../originalTrace.ts";
import { printLines, ReaderGone, writeError, writeOut } from "../output.ts";
import { readMetrics } from "../readMetrics.ts";
import { errorText } from "../reportFailure.ts";
import { openSession, perform, type Session, valueOrThrow } from "../session.ts";
import { onInterrupt } from "../signals.ts";

export async function run(invocation: Invocation): Promise<number> {
  const stderrLevel = logLevel(process.env["PIPELINE_LOG"]);
  // Workers read it; a mistake in it is told before anything starts.
  checkpointEveryMs(process.env[checkpointVariable]);
  const session = await openSession(invocation);
  const runId = makeRunId();
  const isJson = isOn(invocation, "json");
  const display = openDisplay(isJson);
  const logFile = join(session.cache, "runs", runId, "log.ndjson");
  const log = openPinoLog({ file: logFile, stderrLevel });
  const outputs = new Map<string, OutputDigests>();
  const onEvent = (raw: RunEvent) => {
    const event = inSources(raw);
    if (event.event === "step.hit" || event.event === "step.finished") outputs.set(event.step, event.outputs);
    if (event.event === "run.started" && !isJson) printIgnoringReader([`run ${event.run}`]);
    display.note(event);
    log.note(event);
  };
  try {
    const summary = await execute(invocation, session, runId, display, onEvent);
    display.close();
    if (summary === "interrupted") {
      writeError(`interrupted: what is done is kept, the same command goes on from there\n`);
      return exitCodes.interrupted;
    }
    if (!isJson) await report(session, summary, outputs, logFile);
    return exitCodeOf(summary);
  } finally {
    display.close();
    await log.close();
  }
}

/** A fault of a stage names its place in the sources, also where the bundle ran. */
function inSources(event: RunEvent): RunEvent {
  if (event.event !== "step.failed" || event.error.trace === undefined) return event;
  return { ...event, error: { ...event.error, trace: originalTrace(event.error.trace) } };
}

/** Runs the graph under the signals: the first asks it to end after the batch in hand, the second ends it at once. */
async function execute(
  invocation: Invocation,
  session: Session,
  runId: string,
  display: Display,
  onEvent: (event: RunEvent) => void,
): Promise<RunSummary | "interrupted"> {
  const abandon = new AbortController();
  const options = {
    abandon: abandon.signal,
    run: runId,
    until: valuesOf(invocation, "until"),
    force: valuesOf(invocation, "force"),
    jobs: numberOf(invocation, "jobs"),
    keepGoing: isOn(invocation, "keep-going"),
    asked: { set: valuesOf(invocation, "set"), engine: session.engine.engine, device: session.engine.device },
    onEvent,
  };
  const fiber = Effect.runFork(runGraph(session.graph, options).pipe(Effect.provide(runLayer(session))));
  const stop = onInterrupt(
    () => {
      display.say("interrupted: ending after the batch in hand (once more: at once)");
      fiber.interruptUnsafe();
    },
    () => {
      abandon.abort();
      display.close();
      process.exit(exitCodes.interrupted);
    },
  );
  const exit = await Effect.runPromise(Fiber.await(fiber));
  stop();
  return Exit.hasInterrupts(exit) ? "interrupted" : valueOrThrow(exit);
}

const sayOnStderr = (line: string) => ignoringReader(() => writeError(`${line}\n`));

function openDisplay(isJson: boolean): Display {
  if (isJson) return jsonDisplay((text) => ignoringReader(() => writeOut(text)), sayOnStderr);
  const { stderr } = process;
  if (stderr.isTTY && process.env["TERM"] !== "dumb") return liveDisplay(stderr, wantsColor(stderr, process.env));
  return plainDisplay((text) => ignoringReader(() => writeError(text)));
}

/** Whoever reads along may leave; the run is worth finishing all the same. */
function ignoringReader(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
  }
}

const printIgnoringReader = (lines: ReadonlyArray<string>) => ignoringReader(() => printLines(lines));

async function report(
  session: Session,
  summary: RunSummary,
  outputs: ReadonlyMap<string, OutputDigests>,
  logFile: string,
): Promise<void> {
  const { graph } = session;
  const outputsOf = (step: string) => outputs.get(step);
  const rows = await perform(readMetrics(graph, outputsOf).pipe(Effect.provide(cacheLayer(session))));
  // Without a failure, what is skipped is what a loop that stopped has no need of.
  const isNoop = summary.ran + summary.failed === 0;
  const table = rows.length === 0 ? [] : ["", ...metricsTable(rows, process.stdout.columns)];
  const places = outputLines(session, summary, outputs);
  const colors = colorsOf(wantsColor(process.stdout, process.env));
  for (const { step, error } of summary.failures) {
    writeError(errorText({ ...error, message: `step ${step}: ${error.message}` }));
    if (error.trace !== undefined) writeError(`  log: ${relative(process.cwd(), logFile)}\n`);
  }
  printLines([
    ...(isNoop ? [`nothing to do: ${summary.hits === 1 ? "the step is" : `all ${summary.hits} steps are`} fresh`] : []),
    ...table,
    ...places,
    ...(table.length + places.length > 0 ? [""] : []),
    colors.strong(summaryLine(summary)),
  ]);
}

const summaryLine = ({ ran, hits, failed, skipped, durationMs }: RunSummary): string =>
  `ran ${ran}, hits ${hits}, failed ${failed}${skipped > 0 ? `, skipped ${skipped}` : ""}, ${formatDuration(durationMs)}`;

/** The file's `outputs` that are there: which step made each, and the blob that holds it. */
function outputLines(
  { graph, cache }: Session,
  summary: RunSummary,
  outputs: ReadonlyMap<string, OutputDigests>,
): ReadonlyArray<string> {
  const lines = Object.entries(summary.outputs).flatMap(([name, link]) => {
    const step = graph.steps[link.step]!.id;
    const digest = outputs.get(step)?.[link.port];
    if (digest === undefined) return [];
    const blob = join(cache, "objects", "sha256", digest.slice(0, 2), digest.slice(2));
    return [`output ${name}: ${step}.${link.port}`, `  ${relative(process.cwd(), blob)}`];
  });
  return lines.length === 0 ? [] : ["", ...lines];
}

function exitCodeOf({ status, failures }: RunSummary): number {
  if (status === "succeeded") return exitCodes.done;
  return failures.some(({ error }) => error.cause === "cache-error") ? exitCodes.storeFailed : exitCodes.stepFailed;
}
