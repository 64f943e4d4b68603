/** Which steps a name on the command line means (`--until`, `--force`), and what the chosen ones need. */
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "./Diagnostic.ts";
import { linksOf, type Graph, type Step } from "./Graph.ts";

/** `distil[2].student`; `distil.student` and `distil[2]` and `distil` mean every step of theirs. */
const isNamed = (step: Step, name: string): boolean =>
  step.id === name ||
  step.declaredAs === name ||
  step.id.startsWith(`${name}.`) ||
  step.id.startsWith(`${name}[`) ||
  step.declaredAs.startsWith(`${name}.`);

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
        message: `There is no step named "${name}" in ${graph.file}.`,
        hint: nearNames(graph, name),
      });
    }
  }
  if (diagnostics.length > 0) return yield* new InvalidPipeline({ diagnostics });
  return selected;
});

function nearNames(graph: Graph, name: string): string {
  const names = [...new Set(graph.steps.map((step) => step.id))];
  const scored = names.map((id) => ({ id, distance: editDistance(id, name) }));
  const nearest = scored.sort((a, b) => a.distance - b.distance)[0];
  if (nearest !== undefined && nearest.distance <= Math.max(2, name.length / 3)) return `Did you mean "${nearest.id}"?`;
  const shown = names.slice(0, 12).join(", ");
  return `Its steps are: ${shown}${names.length > 12 ? `, and ${names.length - 12} more` : ""}.`;
}

/** Levenshtein's, for names of a few dozen characters. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}

/** For each step, whether it is one of `targets` or upstream of one; links point backwards, so one pass does. */
export function neededFor(graph: Graph, targets: ReadonlySet<number>): ReadonlyArray<boolean> {
  const needed = graph.steps.map((_, index) => targets.has(index));
  for (let index = graph.steps.length - 1; index >= 0; index--) {
    if (needed[index]) for (const { link } of linksOf(graph.steps[index]!)) needed[link.step] = true;
  }
  return needed;
}
