/** Parts of the graph made of what was unrolled: links, gates, and what views need to fold loops and matrices again. */
import type { Link, LoopInfo, MatrixInfo, Step } from "../core/Graph.ts";
import type { AnyStage } from "../core/Stage.ts";
import type { ResolvedInput } from "./checkLinks.ts";
import { candidates } from "./conditional.ts";
import { inputPorts } from "./ports.ts";
import type { Target } from "./resolveLinks.ts";
import type { LoopInstance, MatrixInstance, StepInstance } from "./instances.ts";

/** Links to the places that steps have in the graph; from the last candidate on, for a loop may have 100,000 cycles. */
export const linkMaker =
  (at: (step: StepInstance) => number) =>
  (target: Target): Link =>
    candidates(target).reduceRight<Link | undefined>((otherwise, { step, port, when }) => {
      const conditions = when?.map(({ decision, says }) => ({ decision: at(decision), says }));
      return {
        step: at(step),
        port: port!,
        ...(conditions === undefined ? {} : { when: conditions }),
        ...(otherwise === undefined ? {} : { otherwise }),
      };
    }, undefined)!;

/** In the order of the stage's ports, so that the order of writing changes nothing. */
export function linksByPort(
  stage: AnyStage,
  inputs: ReadonlyArray<ResolvedInput>,
  link: (target: Target) => Link,
): Step["inputs"] {
  const links: { [port: string]: Link | ReadonlyArray<Link> } = {};
  for (const [name, port] of Object.entries(inputPorts(stage))) {
    const value = inputs.find(({ declared }) => declared.name === name)?.value;
    if (value !== undefined) links[name] = port.list ? value.targets.map(link) : link(value.targets[0]!);
  }
  return links;
}

/** The decisions that have to let it run, where there are any. */
export const gatesOf = ({ scope }: StepInstance, at: (step: StepInstance) => number): Pick<Step, "gates"> =>
  scope.gates.length === 0 ? {} : { gates: scope.gates.map(at) };

export const matrixInfo = ({ id, declaration, axes, cells }: MatrixInstance): MatrixInfo => ({
  id,
  declaredAs: declaration.path,
  axes: Object.fromEntries((axes ?? []).map(({ name, values }) => [name, values])),
  cells: cells.size,
});

export const loopInfo = (
  { id, cycles, declaration, decisions }: LoopInstance,
  at: (step: StepInstance) => number,
  carried: LoopInfo["carried"],
): LoopInfo => ({
  id,
  cycles: cycles ?? 0,
  ...(decisions.length === 0 || cycles === 0 ? {} : { decisions: decisions.map(at) }),
  carried,
  body: declaration.block.members.map((member) => member.name),
});
