/** Which steps a name on the command line means (`--until`, `--force`), and what the chosen ones need. */
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "./Diagnostic.ts";
import { stepsBefore, type Graph, type Step } from "./Graph.ts";
import { nameHint } from "./suggest.ts";

/** `distil[2].student`; `distil.student` and `distil[2]` and `distil` mean every step of theirs, a name without its cell every cell. */
const isNamed = ({ id, declaredAs }: Step, name: string): boolean =>
  isWithin(id, name) || isWithin(declaredAs, name) || (id.includes("=") && isWithin(id.replaceAll(cell, ""), name));

const isWithin = (id: string, name: string): boolean =>
  id.startsWith(name) && (id.length === name.length || id[name.length] === "." || id[name.length] === "[");

const cell = /\[[^[\]]*=[^[\]]*\]/g;

/** Indices of the named steps; a name that fits none is an error of the arguments. */
export const selectSteps = Effect.fnUntraced(function* (
  graph: Graph,
  option: string,
  names: ReadonlyArray<string>,
): Effect.fn.Return<ReadonlySet<number>, InvalidPipeline> {
  const selected = new Set<number>();
  const diagnostics = [];
  for (const name of names) {
    const before = selected.size;
    for (const [index, step] of graph.steps.entries()) if (isNamed(step, name)) selected.add(index);
    if (selected.size === before && !graph.steps.some((step) => isNamed(step, name))) {
      diagnostics.push({
        argument: `${option} ${name}`.trim(),
        message: `there is no step \`${name}\``,
        hint: nameHint(
          name,
          graph.steps.map((step) => step.id),
          "steps",
        ),
      });
    }
  }
  if (diagnostics.length > 0) return yield* new InvalidPipeline({ diagnostics });
  return selected;
});

/** For each step, whether it is one of `targets` or upstream of one; links point backwards, so one pass does. */
export function neededFor(graph: Graph, targets: ReadonlySet<number>): ReadonlyArray<boolean> {
  const needed = graph.steps.map((_, index) => targets.has(index));
  for (let index = graph.steps.length - 1; index >= 0; index--) {
    if (needed[index]) for (const before of stepsBefore(graph.steps[index]!)) needed[before] = true;
  }
  return needed;
}
