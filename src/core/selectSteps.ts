/** Which steps a name on the command line means (`--until`, `--force`), and what the chosen ones need. */
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "./Diagnostic.ts";
import { stepsBefore, type Graph, type Step } from "./Graph.ts";
import { asIdsSpell, carriedAs, stepHint, stepsIn } from "./stepNames.ts";

/** `distil[2].student`; `distil.student` and `distil[2]` and `distil` mean every step of theirs, a name without its cell every cell. */
const isNamed = ({ id, declaredAs }: Step, name: string): boolean =>
  isWithin(id, name) || isWithin(declaredAs, name) || (id.includes("=") && isWithin(id.replaceAll(cell, ""), name));

const isWithin = (id: string, name: string): boolean =>
  id.startsWith(name) && (id.length === name.length || id[name.length] === "." || id[name.length] === "[");

const cell = /\[[^[\]]*=[^[\]]*\]/g;

/** Of a carried value the steps that it may be of. */
function stepsNamed(graph: Graph, name: string): ReadonlyArray<number> {
  const named = graph.steps.flatMap((step, index) => (isNamed(step, name) ? [index] : []));
  return named.length > 0 ? named : carriedAs(graph, name).map(({ step }) => step);
}

/** Indices of the named steps; a name that fits none is an error of the arguments. */
export const selectSteps = Effect.fnUntraced(function* (
  graph: Graph,
  option: string,
  names: ReadonlyArray<string>,
): Effect.fn.Return<ReadonlySet<number>, InvalidPipeline> {
  const selected = new Set<number>();
  const diagnostics = [];
  const known = stepsIn(graph);
  for (const written of names) {
    const name = asIdsSpell(written, known);
    const found = stepsNamed(graph, name);
    for (const index of found) selected.add(index);
    if (found.length === 0) {
      const message = `there is no step \`${written}\``;
      diagnostics.push({ argument: `${option} ${written}`.trim(), message, hint: stepHint(graph, name) });
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
