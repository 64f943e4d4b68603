/**
 * Shows a run while it goes on: the live tree on a terminal, plain lines elsewhere, JSON lines on request. This is the only
 * part of the log that writes and keeps time; what is written comes from the pure functions beside it.
 */
import type { RunEvent } from "../core/events.ts";
import { colorsOf } from "./colors.ts";
import { jsonLine } from "./json.ts";
import { LiveRegion, type TerminalStream } from "./liveRegion.ts";
import { plainLines, plainStart, type PlainState } from "./plain.ts";
import { prettyLines, retriedText } from "./pretty.ts";
import { emptyRunTree, isToRun, noteEvent } from "./runTree.ts";
import { oneLine } from "./textWidth.ts";

export interface Display {
  readonly note: (event: RunEvent) => void;
  /** A sentence of ours between what is shown: `interrupted, finishing the batch in hand`. */
  readonly say: (line: string) => void;
  /** Stops drawing and gives the terminal back; what was shown stays. Safe to call again. */
  readonly close: () => void;
}

const now = () => performance.now();
const frameMs = 100;

/** `write` takes whole lines. */
export function jsonDisplay(write: (text: string) => void, say: (line: string) => void): Display {
  return { note: (event) => write(`${jsonLine(event)}\n`), say, close: () => {} };
}

export function plainDisplay(write: (text: string) => void): Display {
  let state: PlainState = plainStart;
  return {
    note: (event) => {
      const [next, lines] = plainLines(state, event, now());
      state = next;
      for (const line of lines) write(`${line}\n`);
    },
    say: (line) => write(`${line}\n`),
    close: () => {},
  };
}

/** Draws nothing where nothing is stale: the summary says it in a line. */
export function liveDisplay(stream: TerminalStream, color: boolean): Display {
  const tree = emptyRunTree();
  const region = new LiveRegion(stream);
  let timer: NodeJS.Timeout | undefined;
  let notice: string | undefined;
  const colors = colorsOf(color);
  const draw = (above: ReadonlyArray<string> = []) => {
    const { columns, rows } = region;
    const room = rows - (notice === undefined ? 0 : 1);
    const lines = prettyLines(tree, { columns, rows: room, color, at: now() });
    region.draw(notice === undefined ? lines : [...lines, notice], above);
  };
  const close = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    process.off("exit", close);
    region.finish(prettyLines(tree, { columns: region.columns, rows: Infinity, color, at: now() }));
  };
  return {
    note: (event) => {
      noteEvent(tree, event, now());
      if (event.event === "run.started" && event.plan.some(isToRun)) {
        timer = setInterval(() => draw(), frameMs).unref();
        process.on("exit", close);
        draw();
      }
      if (event.event === "step.warning") {
        draw([`${colors.wary("warning:")} step ${event.step}: ${oneLine(event.message)}`]);
      }
      if (event.event === "step.retried") {
        draw([`${colors.wary("warning:")} step ${event.step}: ${retriedText(event)}`]);
      }
      if (event.event === "run.finished") close();
    },
    say: (line) => {
      notice = line;
      if (timer === undefined) stream.write(`${line}\n`);
      else draw();
    },
    close,
  };
}
