/** Which output `STEP[.PORT]` means. Ids hold dots themselves (`distil[2].student`), so the longest step that fits counts. */
import type { Graph, Step } from "../core/Graph.ts";
import { mainPort } from "../core/Stage.ts";
import { asIdsSpell, carriedAs, stepHint, stepsIn } from "../core/stepNames.ts";
import { listed, nameHint } from "../core/suggest.ts";
import { UsageError } from "./commandLine.ts";

export interface FoundOutput {
  readonly step: Step;
  readonly port: string;
}

/**
 * `bi0`, `bi0.curve`, `distil[2].student.curve`, `distil[last].student`, `bi0[seed=1]`, `distil.teacher`. Of a loop that may stop
 * the graph has to be settled. Throws `UsageError`.
 */
export function findOutput(graph: Graph, written: string): FoundOutput {
  const name = asIdsSpell(written, stepsIn(graph));
  const exact = graph.steps.find((step) => step.id === name);
  if (exact !== undefined) return { step: exact, port: mainPort(exact.stage) };
  const carried = carriedAs(graph, name)[0];
  if (carried !== undefined) return { step: graph.steps[carried.step]!, port: carried.port };
  const dot = name.lastIndexOf(".");
  const step = graph.steps.find((each) => each.id === name.slice(0, Math.max(0, dot)));
  if (step !== undefined) return { step, port: portOf(step, name.slice(dot + 1)) };
  const cycles = graph.steps.filter((each) => each.declaredAs === name).map((each) => each.id);
  if (cycles.length > 0) {
    const where = cycles[0]!.includes("=") ? "has a matrix, or is in one" : "is in a loop";
    throw new UsageError(`\`${written}\` ${where}`, `name one of ${listed(cycles)}`);
  }
  throw new UsageError(`there is no step \`${written}\``, stepHint(graph, name));
}

function portOf(step: Step, port: string): string {
  const ports = Object.keys(step.stage.outputs);
  if (ports.includes(port)) return port;
  throw new UsageError(`step \`${step.id}\` has no output \`${port}\``, nameHint(port, ports, "its outputs"));
}
