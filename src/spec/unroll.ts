/**
 * Unrolls loops: every declared step becomes one instance per cycle, with its final id. Links are resolved afterwards
 * (resolveLinks.ts), when every instance is there.
 *
 * A scope is the file's top level or one cycle of a loop; its members stand in the slots of the declared block. The body of a
 * loop with `repeat: 0` is unrolled once as a phantom: its mistakes are found, and it is left out of the graph. What fans out
 * otherwise than a loop (a matrix) becomes one more kind of member, with its cells where a loop has its cycles.
 */
import { evaluate, originKey, type Surroundings } from "./expression.ts";
import { givenWords } from "./expected.ts";
import type { Block, FileDeclaration, LoopDeclaration, StepDeclaration } from "./declarations.ts";
import type { Arguments } from "./params.ts";
import type { Place, Reporter } from "./Reporter.ts";
import { quoted } from "../core/suggest.ts";
import type { ScalarNode } from "./YamlNode.ts";

/** More is an error: such a file is a slip, and the graph would not fit into memory. */
export const maxSteps = 1_000_000;

export interface StepInstance {
  readonly kind: "step";
  readonly index: number;
  /** `distil[2].student`. */
  readonly id: string;
  readonly declaration: StepDeclaration;
  readonly scope: Scope;
  readonly seed: number;
}

export interface LoopInstance {
  readonly kind: "loop";
  readonly id: string;
  readonly declaration: LoopDeclaration;
  /** Where the loop stands; its `carry` is resolved there. */
  readonly parent: Scope;
  /** Undefined where `repeat` is unusable, which was reported; the body is then unrolled once. */
  readonly cycles: number | undefined;
  /** One per cycle, cycle 1 first; of a loop without cycles, its phantom. */
  readonly scopes: ReadonlyArray<Scope>;
}

export interface Scope {
  readonly parent: Scope | undefined;
  readonly loop: LoopInstance | undefined;
  /** Of the innermost loop, from 1. */
  readonly cycle: number | null;
  readonly isPhantom: boolean;
  readonly block: Block;
  readonly members: ReadonlyArray<StepInstance | LoopInstance>;
}

export interface Unrolled {
  readonly root: Scope;
  /** In written order, phantoms among them. */
  readonly steps: ReadonlyArray<StepInstance>;
  readonly loops: ReadonlyArray<LoopInstance>;
  readonly seed: number;
}

interface Unrolling {
  readonly given: Arguments;
  readonly env: Surroundings["env"];
  readonly reporter: Reporter;
  readonly steps: Array<StepInstance>;
  readonly loops: Array<LoopInstance>;
  /** Cycles and steps so far: a loop of loops without steps must end too. */
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
  const unrolling: Unrolling = { given, env, reporter, steps: [], loops: [], size: 0 };
  const declared = seedOf(declaration.seed, null, 0, "the pipeline", unrolling);
  const seed = given.seed?.value ?? declared;
  const root = makeScope({
    parent: undefined,
    loop: undefined,
    cycle: null,
    isPhantom: false,
    block: declaration.block,
  });
  try {
    fill(root, "", seed, unrolling);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
  return { root, steps: unrolling.steps, loops: unrolling.loops, seed };
}

type Growing<A, K extends keyof A> = Omit<A, K> & {
  -readonly [Key in K]: Array<A[Key] extends ReadonlyArray<infer T> ? T : never>;
};
type GrowingScope = Growing<Scope, "members">;

const makeScope = (scope: Omit<Scope, "members">): GrowingScope => ({ ...scope, members: [] });

function fill(scope: GrowingScope, prefix: string, seed: number, unrolling: Unrolling): void {
  for (const declaration of scope.block.members) {
    const id = prefix + declaration.name;
    const what = `${declaration.kind} ${quoted(declaration.name)}`;
    const ownSeed = seedOf(declaration.seed, scope.cycle, seed, what, unrolling);
    if (declaration.kind === "loop") {
      scope.members.push(unrollLoop(declaration, id, ownSeed, scope, unrolling));
      continue;
    }
    const step: StepInstance = { kind: "step", index: unrolling.steps.length, id, declaration, scope, seed: ownSeed };
    unrolling.steps.push(step);
    scope.members.push(step);
  }
}

function unrollLoop(
  declaration: LoopDeclaration,
  id: string,
  seed: number,
  parent: Scope,
  unrolling: Unrolling,
): LoopInstance {
  const cycles = cyclesOf(declaration, parent.cycle, unrolling);
  checkSize(declaration, cycles ?? 1, unrolling);
  const loop: Growing<LoopInstance, "scopes"> = { kind: "loop", id, declaration, parent, cycles, scopes: [] };
  unrolling.loops.push(loop);
  const isPhantom = parent.isPhantom || cycles === 0;
  for (let cycle = 1; cycle <= Math.max(1, cycles ?? 1); cycle++) {
    const scope = makeScope({ parent, loop, cycle, isPhantom, block: declaration.block });
    loop.scopes.push(scope);
    fill(scope, `${id}[${cycle}].`, seed, unrolling);
  }
  return loop;
}

function checkSize(declaration: LoopDeclaration, cycles: number, unrolling: Unrolling): void {
  const steps = declaration.block.members.filter((member) => member.kind === "step").length;
  unrolling.size += cycles * Math.max(1, steps);
  if (unrolling.size <= maxSteps) return;
  unrolling.reporter.report(
    declaration.repeat?.span ?? declaration.span,
    `with the ${cycles} cycles of loop ${quoted(declaration.name)} the pipeline has more than a million steps`,
    "a pipeline unrolls to at most 1,000,000 steps; lower `repeat`",
  );
  throw new TooLarge();
}

function cyclesOf(declaration: LoopDeclaration, cycle: number | null, unrolling: Unrolling): number | undefined {
  const { repeat, name } = declaration;
  return repeat === undefined ? undefined : naturalOf(repeat, cycle, `\`repeat\` of loop ${quoted(name)}`, unrolling);
}

function seedOf(
  node: ScalarNode | undefined,
  cycle: number | null,
  inherited: number,
  what: string,
  unrolling: Unrolling,
): number {
  if (node === undefined) return inherited;
  return naturalOf(node, cycle, `\`seed\` of ${what}`, unrolling) ?? inherited;
}

/** An integer from 0, by itself or as a whole expression; undefined where it is something else, which is reported. */
function naturalOf(node: ScalarNode, cycle: number | null, what: string, unrolling: Unrolling): number | undefined {
  if (typeof node.value === "number" && Number.isSafeInteger(node.value)) return node.value;
  const { given, env, reporter } = unrolling;
  const { value, origins, broken } = evaluate(node, { params: given.params, env, cycle }, reporter);
  if (broken.length > 0) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  const argument = origins.get(originKey([]))?.argument;
  const place: Place = argument === undefined ? node.span : { argument };
  reporter.report(place, `${what} must be an integer from 0, not ${givenWords(value)}`);
  return undefined;
}
