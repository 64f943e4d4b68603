/** One line an event, for files, pipes and CI: what happened, seconds since the start, nothing that moves. */
import type { RunEvent } from "../core/events.ts";
import { counted } from "../core/suggest.ts";
import { formatDuration } from "./duration.ts";
import { failureText } from "./failureText.ts";
import { heldText, progressText, resumedText, retriedText } from "./pretty.ts";
import { isToRun, skippedText, type ProgressView } from "./runTree.ts";
import { oneLine } from "./textWidth.ts";

export interface PlainState {
  readonly startedAt: number;
  /** Steps that run now, with their last report and when a line was last printed for it. */
  readonly running: ReadonlyMap<string, { readonly progress?: ProgressView; readonly printedAt: number }>;
  /** Nothing is stale: the hits go unmentioned. */
  readonly isQuiet: boolean;
  /** The decision that left out the step of the last event, if one did. */
  readonly leftOutBy?: string;
}

export const plainStart: PlainState = { startedAt: 0, running: new Map(), isQuiet: false };

/** Of a step whose output came out unlike the recorded one. */
const differs = "with an output unlike the recorded one (the stage is not deterministic); the record stands";

/** A report is printed this long after the last one of its step. */
const progressEveryMs = 10_000;

export function plainLines(
  state: PlainState,
  event: RunEvent,
  at: number,
): readonly [PlainState, ReadonlyArray<string>] {
  const next = advance(state, event, at);
  const texts = plainTexts(next, state, event, at);
  const stamp = `${((at - next.startedAt) / 1000).toFixed(1).padStart(7)}s  `;
  return [next, texts.map((text, i) => (i === 0 ? stamp : " ".repeat(stamp.length)) + text)];
}

function plainTexts(state: PlainState, before: PlainState, event: RunEvent, at: number): ReadonlyArray<string> {
  switch (event.event) {
    case "run.started": {
      const fresh = event.plan.filter((entry) => entry.state === "fresh").length;
      const toRun = event.plan.filter(isToRun).length;
      return state.isQuiet ? [] : [`run ${event.run}: ${counted(toRun, "step")} to run, ${fresh} fresh`];
    }
    case "step.waiting":
      return [`${event.step}: ${heldText(event.holder)}`];
    case "step.started":
      return [
        `${event.step}: ${event.repairs === undefined ? "started" : "started again, its output was lost or damaged"}`,
      ];
    case "step.hit":
      return state.isQuiet ? [] : [`${event.step}: hit`];
    case "step.progress": {
      const entry = state.running.get(event.step)!;
      return entry.printedAt === before.running.get(event.step)?.printedAt
        ? []
        : [`${event.step}: ${progressText(entry.progress!, at).trimStart()}`];
    }
    case "step.resumed":
      return [`${event.step}: ${resumedText(event)}`];
    case "step.retried":
      return [`${event.step}: ${retriedText(event)}`];
    case "step.warning":
      return [`${event.step}: warning: ${oneLine(event.message)}`];
    case "step.finished":
      return [
        `${event.step}: finished in ${formatDuration(event.durationMs)}${event.differs === undefined ? "" : `, ${differs}`}`,
      ];
    case "step.failed":
      return [`${event.step}: failed (${event.error.cause}): ${failureText(event.error)}`];
    case "step.skipped":
      // A loop that ends leaves out all that is left of it: one line tells of them.
      if (event.isStopped === true && (state.isQuiet || before.leftOutBy === event.blockedBy)) return [];
      return [`${event.step}${event.isStopped === true ? " and what follows" : ""}: ${skippedText(event)}`];
    case "step.interrupted":
      return [`${event.step}: interrupted`];
    case "run.finished":
      return state.isQuiet ? [] : [`run ${event.status}`];
  }
}

function advance(state: PlainState, event: RunEvent, at: number): PlainState {
  switch (event.event) {
    case "run.started":
      return { startedAt: at, running: new Map(), isQuiet: !event.plan.some(isToRun) };
    case "step.started":
      return { ...state, running: new Map(state.running).set(event.step, { printedAt: at }) };
    case "step.progress": {
      const entry = state.running.get(event.step) ?? { printedAt: at };
      const { done, total, unit, loss } = event;
      const since = entry.progress?.since ?? { done, at };
      const isDue = at - entry.printedAt >= progressEveryMs;
      const progress = { done, total, unit, loss, since, at };
      return {
        ...state,
        running: new Map(state.running).set(event.step, { progress, printedAt: isDue ? at : entry.printedAt }),
      };
    }
    case "step.finished":
    case "step.failed":
    case "step.retried":
    case "step.interrupted": {
      const running = new Map(state.running);
      running.delete(event.step);
      return { ...state, running };
    }
    case "step.skipped": {
      const { leftOutBy: _, ...others } = state;
      return event.isStopped === true ? { ...others, leftOutBy: event.blockedBy } : others;
    }
    default:
      return state;
  }
}
