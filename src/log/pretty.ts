/**
 * The live tree of a run as lines: what ran, what was a hit, a bar with loss, speed and time left for what runs now, loops
 * folded where nothing happens in them. A pure function of the tree, the size of the terminal and the time.
 */
import type { RunEvent } from "../core/events.ts";
import type { LeaseHolder } from "../core/Leases.ts";
import { counted } from "../core/suggest.ts";
import { type Colors, colorsOf } from "./colors.ts";
import { formatDuration, formatLeft, formatLoss, formatRate } from "./duration.ts";
import { failureText } from "./failureText.ts";
import {
  type GroupNode,
  type ProgressView,
  type ResumedAt,
  type RunTree,
  type StepNode,
  sizeOf,
  speedOf,
  type TreeNode,
  skippedText,
} from "./runTree.ts";
import { oneLine, padEnd, textWidth, truncate } from "./textWidth.ts";

export interface PrettyView {
  readonly columns: number;
  /** Lines at most; more are folded. Infinity for the last drawing, which is never redrawn. */
  readonly rows: number;
  readonly color: boolean;
  readonly at: number;
}

interface Line {
  readonly depth: number;
  readonly glyph: string;
  readonly label: string;
  readonly status: string;
  /** What may go when the terminal is too low: done and waiting things, in that order. */
  readonly folds?: "done" | "waiting";
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function prettyLines(tree: RunTree, view: PrettyView): ReadonlyArray<string> {
  const colors = colorsOf(view.color);
  const lines = fitHeight(linesOf(tree.root, 0, { tree, view, colors }), view.rows - 1);
  const widest = Math.max(tree.labelColumns + 2, ...lines.map((line) => 2 * line.depth + 2 + textWidth(line.label)));
  const labelColumns = Math.min(widest, Math.floor(view.columns / 2));
  const drawn = lines.map((line) => {
    const head = `${"  ".repeat(line.depth)}${line.glyph} ${line.label}`;
    return `${padEnd(truncate(head, labelColumns), labelColumns)}  ${line.status}`.trimEnd();
  });
  return [...drawn, footer(tree, view, colors)].map((line) => truncate(line, view.columns));
}

interface Context {
  readonly tree: RunTree;
  readonly view: PrettyView;
  readonly colors: Colors;
}

function linesOf(group: GroupNode, depth: number, context: Context): ReadonlyArray<Line> {
  const lines: Array<Line> = [];
  let waiting: Array<GroupNode> = [];
  let done: Array<GroupNode> = [];
  const flush = () => {
    if (done.length > 0) lines.push(foldedLine(done, depth, context));
    if (waiting.length > 0) lines.push(foldedLine(waiting, depth, context));
    [done, waiting] = [[], []];
  };
  for (const child of group.children.values()) {
    if (child.kind === "group" && isUntouched(child) && isBracket(child)) {
      if (done.length > 0) flush();
      waiting.push(child);
    } else if (child.kind === "group" && isBracket(child) && foldsWhenDone(child, context)) {
      if (waiting.length > 0 || group.children.size <= 8) flush();
      done.push(child);
    } else {
      flush();
      lines.push(...openLines(child, depth, context));
    }
  }
  flush();
  return lines;
}

const isBracket = (node: TreeNode) => node.label.startsWith("[");
const isUntouched = (node: GroupNode) => node.counts.waiting === sizeOf(node);

/** While the run goes on a finished cycle is one line; at the end it is opened again where something ran in it. */
function foldsWhenDone(node: GroupNode, { tree }: Context): boolean {
  const { counts } = node;
  if (counts.ran + counts.hit < sizeOf(node)) return false;
  return tree.finished === undefined || counts.ran === 0 || tree.steps.size > 60;
}

function openLines(node: TreeNode, depth: number, context: Context): ReadonlyArray<Line> {
  if (node.kind === "step") return [stepLine(node, depth, context)];
  const header: Line = {
    depth,
    glyph: groupGlyph(node, context),
    label: node.label,
    status: groupStatus(node, context),
  };
  return [header, ...linesOf(node, depth + 1, context)];
}

function groupGlyph({ counts }: GroupNode, { colors }: Context): string {
  if (counts.failed > 0) return colors.bad("✗");
  if (counts.running > 0) return colors.active("▸");
  if (counts.held > 0) return colors.wary("·");
  if (counts.waiting + counts.skipped + counts.interrupted > 0) return colors.faint("·");
  return counts.ran > 0 ? colors.good("✓") : colors.faint("=");
}

function groupStatus(node: GroupNode, { colors }: Context): string {
  if (isBracket(node)) return node.durationMs > 0 ? formatDuration(node.durationMs) : "";
  const parts = [...node.children.values()];
  const noun = parts.every((part) => /^\[\d+\]$/.test(part.label)) ? "cycle" : "cell";
  return colors.faint(`${parts.filter(isDone).length} of ${counted(parts.length, noun)}`);
}

const isDone = (part: TreeNode) =>
  part.kind === "step"
    ? part.status === "ran" || part.status === "hit"
    : part.counts.ran + part.counts.hit === sizeOf(part);

/** `[1]…[998]` with what became of the steps in them. */
function foldedLine(nodes: ReadonlyArray<GroupNode>, depth: number, context: Context): Line {
  const { colors } = context;
  const [first, last] = [nodes[0]!, nodes.at(-1)!];
  const sum = (status: "ran" | "hit" | "waiting") => nodes.reduce((total, node) => total + node.counts[status], 0);
  const parts = [
    sum("ran") > 0 ? `${sum("ran")} ran` : "",
    sum("hit") > 0 ? counted(sum("hit"), "hit") : "",
    sum("waiting") > 0 ? `${counted(sum("waiting"), "step")} waiting` : "",
    sum("ran") > 0 ? formatDuration(nodes.reduce((total, node) => total + node.durationMs, 0)) : "",
  ];
  return {
    depth,
    glyph: groupGlyph(first, context),
    label: nodes.length === 1 ? first.label : `${first.label}…${last.label}`,
    status: [
      colors.faint(parts.filter((part) => part !== "").join(", ")),
      ...warningMark(
        nodes.reduce((total, node) => total + node.warnings, 0),
        context,
      ),
    ].join("  "),
    folds: isUntouched(first) ? "waiting" : "done",
  };
}

function stepLine(step: StepNode, depth: number, context: Context): Line {
  const { colors } = context;
  const line = (glyph: string, status: string, folds?: "done" | "waiting"): Line => ({
    depth,
    glyph,
    label: step.label,
    status,
    ...(folds && { folds }),
  });
  switch (step.status) {
    case "waiting":
      // What has warned has been tried before.
      if (step.warnings > 0)
        return line(colors.wary("·"), ["waits for its next try", ...notes(step, context)].join("  "));
      return line(colors.faint("·"), "", "waiting");
    case "held":
      return line(colors.wary("·"), heldText(step.heldBy!));
    case "hit":
      return line(colors.faint("="), colors.faint("hit"), "done");
    case "ran":
      return line(colors.good("✓"), [formatDuration(step.durationMs ?? 0), ...notes(step, context)].join("  "), "done");
    case "failed":
      return line(
        colors.bad("✗"),
        colors.bad(`failed: ${step.error === undefined ? "no reason given" : failureText(step.error)}`),
      );
    case "skipped":
      return line(colors.faint("-"), colors.faint(skippedText(step)), "waiting");
    case "interrupted":
      return line(colors.bad("■"), "interrupted");
    case "running":
      return line(colors.active(spin(context.view.at)), runningStatus(step, context));
  }
}

const spin = (at: number) => spinner[Math.floor(at / 100) % spinner.length]!;

/** What was said stands above the tree (log/display.ts); here, which step said it. */
const warningMark = (warnings: number, { colors }: Context): ReadonlyArray<string> =>
  warnings === 0 ? [] : [colors.wary(counted(warnings, "warning"))];

function runningStatus(step: StepNode, context: Context): string {
  const { view, colors } = context;
  const elapsed = formatDuration(Math.max(0, view.at - (step.startedAt ?? view.at)));
  const { progress } = step;
  const noted = notes(step, context);
  if (progress === undefined) return [colors.faint(elapsed), ...noted].join("  ");
  const room = view.columns - Math.min(30, Math.floor(view.columns / 2));
  const bar =
    progress.total > 0 && room >= 40 ? drawBar(progress.done / progress.total, room >= 70 ? 24 : 12, colors) : "";
  const text = [progressText(progress, view.at), ...noted].join("  ");
  return bar === "" ? text : `${bar} ${text}`;
}

/** What stays worth knowing of a step, whatever it does now. */
const notes = ({ resumed, warnings }: StepNode, context: Context): ReadonlyArray<string> => [
  ...(resumed === undefined ? [] : [context.colors.faint(resumedText(resumed))]),
  ...warningMark(warnings, context),
];

/** `waiting for run 20261122-031500-ab12, which computes it (process 17 on ab)` */
export const heldText = ({ run, host, process }: LeaseHolder): string =>
  `waiting for run ${run}, which computes it (process ${process} on ${host})`;

/** `resumed at step 120 of 400` */
export const resumedText = ({ done, total, unit }: ResumedAt): string =>
  `resumed at ${unit.replace(/s$/, "")} ${done} of ${total}`;

/** `failed (killed), tried again in 2.0 s, 1 of 3: its worker died` */
export const retriedText = ({ cause, message, attempt, of, waitMs }: Retried): string =>
  `failed (${cause}), tried again in ${formatDuration(waitMs)}, ${attempt} of ${of}: ${oneLine(message)}`;

type Retried = Extract<RunEvent, { readonly event: "step.retried" }>;

/** `58 %  loss 0.412  1240 pairs/s  12 s left`: the same words as the plain lines use. */
export function progressText(progress: ProgressView, at: number): string {
  const speed = speedOf(progress, at);
  const share = progress.total > 0 ? `${String(Math.floor((100 * progress.done) / progress.total)).padStart(3)} %` : "";
  return [
    share === "" ? `${progress.done} ${progress.unit}` : share,
    progress.loss === undefined ? "" : `loss ${formatLoss(progress.loss)}`,
    speed === undefined ? "" : speedText(speed.perSecond, progress.unit),
    speed === undefined || progress.total <= 0 ? "" : `${formatLeft(speed.leftMs)} left`,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

const speedText = (perSecond: number, unit: string): string =>
  unit === "bytes" ? `${formatRate(perSecond / 1e6)} MB/s` : `${formatRate(perSecond)} ${unit}/s`;

function drawBar(share: number, columns: number, colors: Colors): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return colors.active("━".repeat(filled)) + colors.faint("─".repeat(columns - filled));
}

function footer(tree: RunTree, view: PrettyView, colors: Colors): string {
  const { counts } = tree.root;
  const done = counts.ran + counts.hit;
  const parts = [
    `${done} of ${counted(tree.steps.size, "step")}`,
    counts.hit > 0 ? counted(counts.hit, "hit") : "",
    counts.failed > 0 ? `${counts.failed} failed` : "",
    formatDuration(tree.finished?.durationMs ?? Math.max(0, view.at - tree.startedAt)),
  ];
  return colors.faint(`  ${parts.filter((part) => part !== "").join(", ")}`);
}

/** Too many lines for the terminal: runs of waiting lines from the end, then runs of done ones from the start, become one line each. */
function fitHeight(lines: ReadonlyArray<Line>, rows: number): ReadonlyArray<Line> {
  let fitted = lines;
  for (const kind of ["done", "waiting"] as const) {
    if (fitted.length <= rows) return fitted;
    fitted = fold(fitted, kind, fitted.length - rows);
  }
  return fitted.slice(0, Math.max(1, rows));
}

/** Folds enough lines of a kind to win `excess` lines: the earliest done ones, or the latest waiting ones. */
function fold(lines: ReadonlyArray<Line>, kind: "done" | "waiting", excess: number): ReadonlyArray<Line> {
  const places = lines.flatMap((line, i) => (line.folds === kind ? [i] : []));
  const taken = kind === "done" ? places.slice(0, excess + 1) : places.slice(-(excess + 1));
  if (taken.length < 2) return lines;
  const gone = new Set(taken);
  const at = kind === "done" ? taken[0]! : taken.at(-1)!;
  const summary: Line = { depth: 0, glyph: "…", label: "", status: `${taken.length} lines of ${kind} steps folded` };
  return lines.flatMap((line, i) => (i === at ? [summary] : gone.has(i) ? [] : [line]));
}
