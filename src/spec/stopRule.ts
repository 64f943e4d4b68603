/** `stop` of a loop: the step that decides at the end of each cycle, declared as if it had been written in the loop's body. */
import { stopStage } from "../core/decisions.ts";
import type { AnyStage } from "../core/Stage.ts";
import { quoted } from "../core/suggest.ts";
import type { Block, StepDeclaration } from "./declarations.ts";
import { evaluate, hasExpression, type Surroundings } from "./expression.ts";
import type { Arguments } from "./params.ts";
import { StopSchema } from "./PipelineFile.ts";
import type { Place, Reporter } from "./Reporter.ts";
import { checkShape } from "./shape.ts";
import type { Entry, MappingNode } from "./YamlNode.ts";

/** The name of a decision among its cycle's steps. */
export const stopName = "stop";
/** What a decision gets from the one of the cycle before. */
export const beforePort = "before";

/** `loop`: the loop's path with a dot behind it. Undefined where it is unusable, which is reported. */
export function readStop(
  { keySpan, value }: Entry,
  loop: string,
  block: Block,
  stages: ReadonlyMap<string, AnyStage>,
  reporter: Reporter,
): StepDeclaration | undefined {
  const shaped = checkShape(value, StopSchema, "stop", "`stop`", keySpan, reporter);
  const metric = shaped.entries.get("metric")?.value;
  if (metric?.kind !== "scalar") return undefined;
  if (block.slotOf.has(stopName))
    reporter.report(keySpan, "a loop with `stop` has a step `stop` already: its decision", "rename the one in `steps`");
  const stage = stages.get(stopStage);
  if (stage === undefined)
    reporter.report(keySpan, `\`stop\` needs the stage ${quoted(stopStage)}, which is not there`);
  // By the key that was meant: a misspelt one was reported.
  const entries = [...shaped.entries].map(([key, entry]) => renamed(entry, key));
  const read: StepDeclaration = {
    kind: "step",
    name: stopName,
    path: loop + stopName,
    span: keySpan,
    stage,
    inputs: [{ name: beforePort, nameSpan: keySpan, link: undefined }],
    settings: { kind: "mapping", entries: entries.filter(({ key }) => key !== "metric"), span: value.span },
    seed: undefined,
    matrix: undefined,
    terms: undefined,
    hasReadableSettings: shaped.broken.size === 0,
    decides: { metric },
  };
  if (hasExpression(String(metric.value))) return read;
  return watching(read, String(metric.value), metric.span, block, reporter);
}

/** The decision of a cycle or cell: with its metric filled in, where that is not literal or an argument gives it. */
export class Decisions {
  private readonly known = new Map<StepDeclaration, Map<string, StepDeclaration>>();
  private readonly given: Arguments;
  private readonly reporter: Reporter;

  constructor(given: Arguments, reporter: Reporter) {
    this.given = given;
    this.reporter = reporter;
  }

  in(surroundings: Surroundings, stop: StepDeclaration, block: Block): StepDeclaration {
    const { metric } = stop.decides!;
    const override = (this.given.overrides.settings.get(stop) ?? []).findLast(({ path }) => path[0] === "metric");
    if (override === undefined && !hasExpression(String(metric.value))) return stop;
    const value = override === undefined ? evaluate(metric, surroundings, this.reporter).value : override.value;
    // What could not be evaluated was reported.
    if (value === null) return unreadable(stop);
    const known = this.known.get(stop) ?? new Map<string, StepDeclaration>();
    this.known.set(stop, known);
    const text = String(value);
    const place = override === undefined ? metric.span : { argument: override.argument };
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = watching(stop, text, place, block, this.reporter);
    const settled = made === undefined ? unreadable(stop) : { ...made, decides: { metric, readAs: stop } };
    known.set(text, settled);
    return settled;
  }
}

const unreadable = (stop: StepDeclaration): StepDeclaration => ({ ...stop, hasReadableSettings: false });

/** Undefined where the metric is none, which is reported. */
function watching(
  read: StepDeclaration,
  text: string,
  place: Place,
  block: Block,
  reporter: Reporter,
): StepDeclaration | undefined {
  const written = splitMetric(text, place, block, reporter);
  if (written === undefined) return undefined;
  const { metric } = read.decides!;
  const { entries, span } = read.settings as MappingNode;
  const row: Entry = { key: "metric", keySpan: metric.span, value: { ...metric, value: written.row } };
  const link = { ...metric, value: written.link };
  return {
    ...read,
    inputs: [
      { name: "metrics", nameSpan: metric.span, link },
      ...read.inputs.filter(({ name }) => name === beforePort),
    ],
    settings: { kind: "mapping", entries: [row, ...entries.filter(({ key }) => key !== "metric")], span },
  };
}

const renamed = (entry: Entry, key: string): Entry => ({ ...entry, key });

/** `devEval.average` → the step of the loop, and the row of its metrics; a port, and loops on the way, belong to the link. */
function splitMetric(
  text: string,
  place: Place,
  block: Block,
  reporter: Reporter,
): { link: string; row: string } | undefined {
  const parts = text.split(/\.(?![^[]*\])/);
  let at = 0;
  let around: Block | undefined = block;
  for (; around !== undefined && at < parts.length; at++) {
    const slot: number | undefined = around.slotOf.get(parts[at]!.replace(/\[.*/, ""));
    const member: Block["members"][number] | undefined = slot === undefined ? undefined : around.members[slot];
    around = member?.kind === "loop" ? member.block : undefined;
    const ports = member?.kind === "step" ? (member.stage?.outputs as object | undefined) : undefined;
    if (ports !== undefined && Object.hasOwn(ports, parts[at + 1] ?? "") && parts.length > at + 2) at++;
  }
  const row = parts.slice(at).join(".");
  if (row !== "") return { link: parts.slice(0, at).join("."), row };
  const example = `${parts[0]!}.average`;
  return void reporter.report(
    place,
    "`metric` is a step of the loop and one of its numbers",
    `for example ${quoted(example)}`,
  );
}
