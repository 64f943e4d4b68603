/**
 * Unrolls loops and matrices: every declared step becomes one instance per cycle and cell, with its final id. Links are
 * resolved afterwards (resolveLinks.ts), when every instance is there.
 *
 * The body of a loop with `repeat: 0` is unrolled once as a phantom: its mistakes are found, and it is left out of the graph.
 */
import { evaluate, originKey, type Given, type Surroundings } from "./expression.ts";
import { givenWords } from "./expected.ts";
import type { Block, Declaration, FileDeclaration, LoopDeclaration, StepDeclaration } from "./declarations.ts";
import {
  surroundingsIn,
  type LoopInstance,
  type MatrixInstance,
  type Scope,
  type StepInstance,
  type Unrolled,
} from "./instances.ts";
import { axesOf, cellCount, cellsOf, type Cell } from "./matrix.ts";
import type { Arguments } from "./params.ts";
import type { Place, Reporter, Span } from "./Reporter.ts";
import { Decisions } from "./stopRule.ts";
import { quoted } from "../core/suggest.ts";
import type { ScalarNode } from "./YamlNode.ts";

/** More is an error: such a file is a slip, and the graph would not fit into memory. */
export const maxSteps = 1_000_000;

interface Unrolling {
  readonly given: Given;
  readonly reporter: Reporter;
  readonly steps: Array<StepInstance>;
  readonly loops: Array<LoopInstance>;
  readonly matrices: Array<MatrixInstance>;
  readonly decisions: Decisions;
  /** Cycles, and loops that are cells, so far: a loop of loops without steps must end too. */
  size: number;
}

class TooLarge extends Error {}

/** Undefined where the pipeline is too large, which is reported. */
export function unroll(
  declaration: FileDeclaration,
  given: Arguments,
  env: Surroundings["env"],
  reporter: Reporter,
): Unrolled | undefined {
  const unrolling: Unrolling = {
    given: { params: given.params, env },
    reporter,
    steps: [],
    loops: [],
    matrices: [],
    decisions: new Decisions(given, reporter),
    size: 0,
  };
  const root = makeScope({
    parent: undefined,
    loop: undefined,
    cycle: null,
    isPhantom: false,
    cell: undefined,
    matrix: new Map(),
    gates: [],
    block: declaration.block,
  });
  const declared = seedOf(declaration.seed, root, 0, "the pipeline", unrolling);
  const seed = given.seed?.value ?? declared;
  try {
    fill(root, "", seed, unrolling);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
  const { steps, loops, matrices } = unrolling;
  return { root, steps, loops, matrices, seed };
}

type Growing<A, K extends keyof A> = Omit<A, K> & {
  -readonly [Key in K]: Array<A[Key] extends ReadonlyArray<infer T> ? T : never>;
};
type GrowingScope = Growing<Scope, "members">;

const makeScope = (scope: Omit<Scope, "members">): GrowingScope => ({ ...scope, members: [] });

function fill(scope: GrowingScope, prefix: string, seed: number, unrolling: Unrolling): void {
  for (const declaration of scope.block.members) {
    const id = prefix + declaration.name;
    const unrollOne = declaration.matrix === undefined ? unrollMember : unrollMatrix;
    scope.members.push(unrollOne(declaration, id, seed, scope, unrolling));
  }
}

function unrollMember(
  declaration: Declaration,
  id: string,
  inherited: number,
  scope: Scope,
  unrolling: Unrolling,
): StepInstance | LoopInstance {
  const seed = seedOf(declaration.seed, scope, inherited, wordsOf(declaration), unrolling);
  if (declaration.kind === "loop") return unrollLoop(declaration, id, seed, scope, unrolling);
  const step: StepInstance = { kind: "step", index: unrolling.steps.length, id, declaration, scope, seed };
  unrolling.steps.push(step);
  return step;
}

const wordsOf = ({ kind, name }: Declaration): string => `${kind} ${quoted(name)}`;

/** One member for each cell, each in a scope of its own, in which the cell's values are known. */
function unrollMatrix(
  declaration: Declaration,
  id: string,
  seed: number,
  parent: Scope,
  unrolling: Unrolling,
): MatrixInstance {
  const { given, reporter } = unrolling;
  const matrix = declaration.matrix!;
  const axes = axesOf(matrix, surroundingsIn(parent, given), reporter);
  const count = axes === undefined ? 1 : cellCount(axes);
  const [loops, steps] = declaration.kind === "loop" ? [count, 0] : [0, count];
  checkSize(matrix.span, `the ${count} cells of ${wordsOf(declaration)}`, loops, steps, unrolling);
  const unknown = new Map([...parent.matrix, ...matrix.axes.map(({ key }) => [key, undefined] as const)]);
  const cells: ReadonlyArray<Cell> =
    axes === undefined ? [{ label: "", values: unknown }] : cellsOf(axes, parent.matrix);
  const members = new Map<string, StepInstance | LoopInstance>();
  const instance: MatrixInstance = { kind: "matrix", id, declaration, parent, axes, cells: members };
  unrolling.matrices.push(instance);
  const { cycle, isPhantom, gates } = parent;
  for (const { label, values } of cells) {
    const inCell = { parent, loop: undefined, cycle, isPhantom, cell: label, matrix: values, gates, block: noBlock };
    members.set(label, unrollMember(declaration, `${id}[${label}]`, seed, makeScope(inCell), unrolling));
  }
  return instance;
}

const noBlock: Block = { members: [], slotOf: new Map() };

function unrollLoop(
  declaration: LoopDeclaration,
  id: string,
  seed: number,
  parent: Scope,
  unrolling: Unrolling,
): LoopInstance {
  const { repeat, name, span, block } = declaration;
  const cycles =
    repeat === undefined ? undefined : naturalOf(repeat, parent, `\`repeat\` of loop ${quoted(name)}`, unrolling);
  const inCycle = block.members.filter((member) => member.kind === "step").length + (declaration.stop ? 1 : 0);
  const steps = (cycles ?? 1) * inCycle;
  checkSize(repeat?.span ?? span, `the ${cycles} cycles of loop ${quoted(name)}`, cycles ?? 1, steps, unrolling);
  const loop: Growing<LoopInstance, "scopes" | "decisions"> = {
    kind: "loop",
    id,
    declaration,
    parent,
    cycles,
    scopes: [],
    decisions: [],
  };
  unrolling.loops.push(loop);
  const isPhantom = parent.isPhantom || cycles === 0;
  for (let cycle = 1; cycle <= Math.max(1, cycles ?? 1); cycle++) {
    const { matrix } = parent;
    const before = loop.decisions.at(-1);
    const gates = before === undefined ? parent.gates : [...parent.gates, before];
    const scope = makeScope({ parent, loop, cycle, isPhantom, cell: undefined, matrix, gates, block });
    loop.scopes.push(scope);
    fill(scope, `${id}[${cycle}].`, seed, unrolling);
    if (declaration.stop !== undefined) loop.decisions.push(decisionIn(scope, declaration.stop, before, id, unrolling));
  }
  return loop;
}

function decisionIn(
  scope: Scope,
  declaration: StepDeclaration,
  before: StepInstance | undefined,
  loop: string,
  { steps, decisions, given }: Unrolling,
): StepInstance {
  const id = `${loop}[${scope.cycle}].${declaration.name}`;
  const settled = decisions.in(surroundingsIn(scope, given), declaration, scope.block);
  const decision = { kind: "step" as const, index: steps.length, id, declaration: settled, scope, seed: 0 };
  const step: StepInstance = before === undefined ? decision : { ...decision, before };
  steps.push(step);
  return step;
}

/** Before anything of that size is made. `steps`: those that come with it directly; `size`: cycles or loops. */
function checkSize(span: Span, what: string, size: number, steps: number, unrolling: Unrolling): void {
  unrolling.size += size;
  if (unrolling.size <= maxSteps && unrolling.steps.length + steps <= maxSteps) return;
  unrolling.reporter.report(
    span,
    `with ${what} the pipeline has more than a million steps`,
    "a pipeline unrolls to at most 1,000,000 steps; lower `repeat`, or take values out of a `matrix`",
  );
  throw new TooLarge();
}

function seedOf(
  node: ScalarNode | undefined,
  scope: Scope,
  inherited: number,
  what: string,
  unrolling: Unrolling,
): number {
  if (node === undefined) return inherited;
  return naturalOf(node, scope, `\`seed\` of ${what}`, unrolling) ?? inherited;
}

/** An integer from 0, by itself or as a whole expression; undefined where it is something else, which is reported. */
function naturalOf(node: ScalarNode, scope: Scope, what: string, unrolling: Unrolling): number | undefined {
  if (typeof node.value === "number" && Number.isSafeInteger(node.value)) return node.value;
  const { given, reporter } = unrolling;
  const { value, origins, broken } = evaluate(node, surroundingsIn(scope, given), reporter);
  if (broken.length > 0) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  const argument = origins.get(originKey([]))?.argument;
  const place: Place = argument === undefined ? node.span : { argument };
  reporter.report(place, `${what} must be an integer from 0, not ${givenWords(value)}`);
  return undefined;
}
