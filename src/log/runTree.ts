/**
 * What is known of a run while it goes on: the tree of its steps (loops and matrices as inner nodes), each with its state,
 * built and kept up to date from events alone. Counts are kept on every node, so that drawing a folded loop costs one look.
 *
 * Updated in place: a run may have a million steps, and copying them for each event would be quadratic.
 */
import type { RunEvent, StepError, StepState } from "../core/events.ts";
import type { LeaseHolder } from "../core/Leases.ts";
import { textWidth } from "./textWidth.ts";

/** `held`: it waits for another run that computes its key. */
export type StepStatus = "waiting" | "held" | "running" | "hit" | "ran" | "failed" | "skipped" | "interrupted";

export interface ProgressView {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly loss: number | undefined;
  /** The first report: a resumed training does not start at 0, and its speed counts from here. */
  readonly since: { readonly done: number; readonly at: number };
  readonly at: number;
}

export interface ResumedAt {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

export interface StepNode {
  readonly kind: "step";
  readonly label: string;
  readonly id: string;
  readonly parent: GroupNode;
  status: StepStatus;
  startedAt?: number;
  durationMs?: number;
  progress?: ProgressView;
  /** Where it went on from a checkpoint. */
  resumed?: ResumedAt;
  warnings: number;
  /** Of a held step: who computes its key. */
  heldBy?: LeaseHolder;
  error?: StepError;
  blockedBy?: string;
  /** Left out since its loop had stopped. */
  isStopped?: boolean;
}

export interface GroupNode {
  readonly kind: "group";
  /** `distil`, `[2]`, `[loss=mse]`. */
  readonly label: string;
  readonly parent: GroupNode | undefined;
  readonly children: Map<string, TreeNode>;
  readonly counts: Record<StepStatus, number>;
  /** Sums over the steps that ran. */
  durationMs: number;
  warnings: number;
}

export type TreeNode = StepNode | GroupNode;

export interface RunTree {
  run: string;
  file: string;
  startedAt: number;
  /** Of the widest label with its indentation, so that the columns stand still while loops open and close. */
  labelColumns: number;
  readonly root: GroupNode;
  readonly steps: Map<string, StepNode>;
  finished?: Extract<RunEvent, { readonly event: "run.finished" }>;
}

const group = (label: string, parent: GroupNode | undefined): GroupNode => ({
  kind: "group",
  label,
  parent,
  children: new Map(),
  counts: { waiting: 0, held: 0, running: 0, hit: 0, ran: 0, failed: 0, skipped: 0, interrupted: 0 },
  durationMs: 0,
  warnings: 0,
});

export const emptyRunTree = (): RunTree => ({
  run: "",
  file: "",
  startedAt: 0,
  labelColumns: 0,
  root: group("", undefined),
  steps: new Map(),
});

/** `distil[loss=mse][2].cross` → `distil`, `[loss=mse]`, `[2]`, `cross`. Dots inside brackets do not divide. */
export const splitStepId = (id: string): ReadonlyArray<string> => id.match(/[^.[\]]+|\[[^\]]*\]/g) ?? [id];

export const sizeOf = (node: TreeNode): number =>
  node.kind === "step" ? 1 : Object.values(node.counts).reduce((sum, count) => sum + count, 0);

/** Takes an event in; `at` is the time it arrived, in milliseconds of any clock that does not jump. */
export function noteEvent(tree: RunTree, event: RunEvent, at: number): void {
  switch (event.event) {
    case "run.started":
      Object.assign(tree, { run: event.run, file: event.file, startedAt: at });
      for (const { step } of event.plan) addStep(tree, step);
      return;
    case "run.finished":
      tree.finished = event;
      return;
    default:
      noteStepEvent(tree.steps.get(event.step) ?? addStep(tree, event.step), event, at);
  }
}

type StepEvent = Exclude<RunEvent, { readonly event: "run.started" | "run.finished" }>;

function noteStepEvent(step: StepNode, event: StepEvent, at: number): void {
  switch (event.event) {
    case "step.waiting":
      step.heldBy = event.holder;
      return setStatus(step, "held");
    case "step.started":
      step.startedAt = at;
      return setStatus(step, "running");
    case "step.hit":
      return setStatus(step, "hit");
    case "step.progress":
      return noteProgress(step, event, at);
    case "step.resumed":
      step.resumed = event;
      return noteProgress(step, { ...event, event: "step.progress" }, at);
    case "step.retried":
      delete step.progress;
      noteWarning(step);
      return setStatus(step, "waiting");
    case "step.warning":
      return noteWarning(step);
    case "step.finished":
      step.durationMs = event.durationMs;
      for (let node: GroupNode | undefined = step.parent; node; node = node.parent) node.durationMs += event.durationMs;
      return setStatus(step, "ran");
    case "step.failed":
      step.error = event.error;
      return setStatus(step, "failed");
    case "step.skipped":
      step.blockedBy = event.blockedBy;
      if (event.isStopped === true) step.isStopped = true;
      return setStatus(step, "skipped");
    case "step.interrupted":
      return setStatus(step, "interrupted");
  }
}

function noteWarning(step: StepNode): void {
  for (let node: TreeNode | undefined = step; node; node = node.parent) node.warnings++;
}

function noteProgress(step: StepNode, event: Extract<RunEvent, { readonly event: "step.progress" }>, at: number): void {
  const { done, total, unit, loss } = event;
  const began = step.progress?.since;
  const since = began === undefined || began.done > done ? { done, at } : began;
  step.progress = { done, total, unit, loss, since, at };
}

function addStep(tree: RunTree, id: string): StepNode {
  const path = splitStepId(id);
  let parent = tree.root;
  parent.counts.waiting++;
  for (const label of path.slice(0, -1)) {
    let next = parent.children.get(label);
    if (next === undefined || next.kind === "step") parent.children.set(label, (next = group(label, parent)));
    next.counts.waiting++;
    parent = next;
  }
  const label = path.at(-1)!;
  const step: StepNode = { kind: "step", label, id, parent, status: "waiting", warnings: 0 };
  parent.children.set(label, step);
  tree.steps.set(id, step);
  for (const [depth, part] of path.entries()) {
    tree.labelColumns = Math.max(tree.labelColumns, 2 * depth + textWidth(part));
  }
  return step;
}

function setStatus(step: StepNode, status: StepStatus): void {
  for (let node: GroupNode | undefined = step.parent; node; node = node.parent) {
    node.counts[step.status]--;
    node.counts[status]++;
  }
  step.status = status;
}

/** Is there more to do for a step than to note it, as far as a plan can tell? */
export const isToRun = ({ state }: { readonly state: StepState }): boolean => state !== "fresh" && state !== "skipped";

/** Why a step is skipped: a step that it needs failed, or one did after which nothing new starts, or the loop had stopped. */
export const skippedText = ({ blockedBy, isStopped }: Pick<StepNode, "blockedBy" | "isStopped">): string =>
  isStopped === true ? `not run: ${blockedBy} ended the loop` : `skipped: ${blockedBy} failed`;

/** Units a second since the first report, and what is left at that speed; undefined until there is something to go by. */
export function speedOf(progress: ProgressView, at: number): { perSecond: number; leftMs: number } | undefined {
  const done = progress.done - progress.since.done;
  const elapsedMs = progress.at - progress.since.at;
  if (done <= 0 || elapsedMs < 500) return undefined;
  const perSecond = (done * 1000) / elapsedMs;
  const sinceReportMs = Math.max(0, at - progress.at);
  const leftMs = Math.max(0, ((progress.total - progress.done) * 1000) / perSecond - sinceReportMs);
  return { perSecond, leftMs };
}
