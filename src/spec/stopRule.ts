/** `stop` of a loop: the step that decides at the end of each cycle, declared as if it had been written in the loop's body. */
import { stopStage } from "../core/decisions.ts";
import type { AnyStage } from "../core/Stage.ts";
import { quoted } from "../core/suggest.ts";
import type { Block, StepDeclaration } from "./declarations.ts";
import { StopSchema } from "./PipelineFile.ts";
import type { Reporter } from "./Reporter.ts";
import { checkShape } from "./shape.ts";
import type { Entry, ScalarNode, YamlNode } from "./YamlNode.ts";

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
  const metric = shaped.entries.get("metric");
  if (metric?.value.kind !== "scalar") return undefined;
  const written = splitMetric(metric.value, block, reporter);
  if (written === undefined) return undefined;
  if (block.slotOf.has(stopName))
    reporter.report(keySpan, "a loop with `stop` has a step `stop` already: its decision", "rename the one in `steps`");
  const stage = stages.get(stopStage);
  if (stage === undefined)
    reporter.report(keySpan, `\`stop\` needs the stage ${quoted(stopStage)}, which is not there`);
  const { span } = metric.value;
  // By the key that was meant: a misspelt one was reported.
  const entries = [...shaped.entries].map(([key, entry]) => renamed(entry, key));
  const row = renamed({ ...metric, value: { ...metric.value, value: written.row } }, "metric");
  const others = entries.filter(({ key }) => key !== "metric");
  const settings: YamlNode = { kind: "mapping", entries: [row, ...others], span: value.span };
  return {
    kind: "step",
    name: stopName,
    path: loop + stopName,
    span: keySpan,
    stage,
    inputs: [
      { name: "metrics", nameSpan: span, link: { ...metric.value, value: written.link } },
      { name: beforePort, nameSpan: keySpan, link: undefined },
    ],
    settings,
    seed: undefined,
    matrix: undefined,
    terms: undefined,
    hasReadableSettings: shaped.broken.size === 0,
  };
}

const renamed = (entry: Entry, key: string): Entry => ({ ...entry, key });

/** `devEval.average` → the step of the loop, and the row of its metrics; a port, and loops on the way, belong to the link. */
function splitMetric(node: ScalarNode, block: Block, reporter: Reporter): { link: string; row: string } | undefined {
  const parts = String(node.value).split(/\.(?![^[]*\])/);
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
  if (row !== "" && !row.includes("${")) return { link: parts.slice(0, at).join("."), row };
  const example = `${parts[0]!}.average`;
  return void reporter.report(
    node.span,
    "`metric` is a step of the loop and one of its numbers, both literal",
    `for example ${quoted(example)}`,
  );
}
