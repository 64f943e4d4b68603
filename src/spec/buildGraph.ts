/** From declarations and arguments to the graph: unroll, resolve links, order, check types, decode settings. */
import type { Json } from "../core/canonicalJson.ts";
import type { Graph, Step } from "../core/Graph.ts";
import type { AnyArtifactType } from "../core/ArtifactType.ts";
import { mainPort } from "../core/Stage.ts";
import { checkStepLinks, type OutputTypes, type ResolvedInput } from "./checkLinks.ts";
import { stepsBehind, targetsOf } from "./conditional.ts";
import { gatesOf, linkMaker, linksByPort, loopInfo, matrixInfo } from "./unrolledParts.ts";
import type { FileDeclaration, NamedLink } from "./declarations.ts";
import type { Surroundings } from "./expression.ts";
import type { Arguments } from "./params.ts";
import type { Folders } from "./pathFields.ts";
import type { Reporter, Span } from "./Reporter.ts";
import { LinkResolver, type Target, type Value } from "./resolveLinks.ts";
import { sortSteps } from "./sortSteps.ts";
import { stepReaders, type StepReaders } from "./stepReaders.ts";
import { beforePort } from "./stopRule.ts";
import { quoted } from "../core/suggest.ts";
import { bodyOf, type LoopInstance, type StepInstance, type Unrolled } from "./instances.ts";
import { unroll } from "./unroll.ts";

export interface Building {
  /** Absolute path of the pipeline file. */
  readonly file: string;
  readonly declaration: FileDeclaration;
  readonly given: Arguments;
  readonly env: Surroundings["env"];
  readonly folders: Folders;
  readonly reporter: Reporter;
}

/** Undefined where something was reported, now or before. */
export function buildGraph(building: Building): Graph | undefined {
  const { declaration, given, env, reporter } = building;
  const unrolled = unroll(declaration, given, env, reporter);
  if (unrolled === undefined) return undefined;
  const resolver = new LinkResolver({ params: given.params, env }, reporter);
  const inputs = unrolled.steps.map((step) =>
    step.declaration.inputs.map((declared): ResolvedInput => ({
      declared,
      value:
        declared.name === beforePort && step.before ? whole(step.before) : resolver.resolve(declared.link, step.scope),
    })),
  );
  for (const loop of unrolled.loops) resolver.carried.check(loop);
  const outputs = resolveOutputs(declaration, unrolled, resolver, reporter);
  const order = orderSteps(unrolled, inputs, reporter);
  const types = checkTypes(order, inputs, reporter);
  const read = stepReaders(building);
  for (const step of unrolled.steps) {
    read.config(step);
    read.terms(step);
  }
  if (reporter.count() === 0) checkTypesKnown(order, types, reporter);
  if (reporter.count() > 0) return undefined;
  return assemble(
    building,
    unrolled,
    { order, inputs, outputs, carried: (loop) => resolver.carriedAfter(loop) },
    types,
    read,
  );
}

/** A step by its main port. */
const whole = (step: StepInstance): Value => {
  const { stage } = step.declaration;
  return { isList: false, targets: [{ step, port: stage && mainPort(stage) }] };
};

/** The file's `outputs`: each names one output. */
function resolveOutputs(
  declaration: FileDeclaration,
  { root }: Unrolled,
  resolver: LinkResolver,
  reporter: Reporter,
): ReadonlyMap<string, Target> {
  const outputs = new Map<string, Target>();
  for (const { name, nameSpan, link } of declaration.outputs) {
    const value = resolver.resolve(link, root);
    if (value?.isList === true)
      reporter.report(
        spanOf(link) ?? nameSpan,
        `output ${quoted(name)} must be one output, and this link gives a list`,
      );
    else if (value?.targets[0] !== undefined) outputs.set(name, value.targets[0]);
  }
  return outputs;
}

const spanOf = (link: NamedLink["link"]): Span | undefined =>
  Array.isArray(link) ? link[0]?.span : (link as { readonly span: Span } | undefined)?.span;

function orderSteps(
  { steps }: Unrolled,
  inputs: ReadonlyArray<ReadonlyArray<ResolvedInput>>,
  reporter: Reporter,
): ReadonlyArray<StepInstance> {
  const needs = (index: number) =>
    inputs[index]!.flatMap(({ value }) => (value === undefined ? [] : stepsBehind(value))).concat(
      steps[index]!.scope.gates.map((gate) => gate.index),
    );
  const { order, circles } = sortSteps(steps.length, needs);
  for (const circle of circles)
    reportCircle(
      circle.map((index) => steps[index]!),
      inputs,
      reporter,
    );
  return order.map((index) => steps[index]!);
}

function reportCircle(
  circle: ReadonlyArray<StepInstance>,
  inputs: ReadonlyArray<ReadonlyArray<ResolvedInput>>,
  reporter: Reporter,
): void {
  const [first] = circle;
  const last = circle.at(-1)!;
  const closing = inputs[first!.index]!.find(
    ({ value }) => value && targetsOf(value).some(({ step }) => step === last),
  );
  const names = [...declaredRound(circle), first!.declaration.path].join(" → ");
  const message =
    circle.length === 1
      ? `step ${quoted(first!.declaration.path)} feeds itself`
      : `these steps feed each other in a circle: ${names}`;
  const loops = new Set(
    circle.flatMap((step) => bodyOf(step.scope).loop?.declaration.carry.map(({ name }) => name) ?? []),
  );
  const shadowed = circle.find((step) => loops.has(step.declaration.name))?.declaration.name;
  const hint =
    shadowed === undefined
      ? "take one of these links out; a value that goes round belongs in a loop with `repeat`, `carry` and `next`"
      : `in the loop ${quoted(shadowed)} is the step, not the carried value of the same name; rename one of the two`;
  reporter.report(spanOf(closing?.declared.link) ?? first!.declaration.span, message, hint, "circle");
}

/** The round in declared steps: one that runs through the cycles of a loop is told as once through its body. */
function declaredRound(circle: ReadonlyArray<StepInstance>): ReadonlyArray<string> {
  const round: Array<string> = [];
  for (const step of circle) {
    const before = round.indexOf(step.declaration.path);
    round.splice(before === -1 ? round.length : before, round.length, step.declaration.path);
  }
  return round;
}

function checkTypes(
  order: ReadonlyArray<StepInstance>,
  inputs: ReadonlyArray<ReadonlyArray<ResolvedInput>>,
  reporter: Reporter,
): ReadonlyArray<OutputTypes | undefined> {
  const types: Array<OutputTypes | undefined> = Array.from({ length: order.length });
  const typesOf = (step: StepInstance) => types[step.index];
  const unfit = new Set<NamedLink>();
  for (const step of order) types[step.index] = checkStepLinks(step, inputs[step.index]!, typesOf, unfit, reporter);
  return types;
}

/** In a file without mistakes one type can still be unknown: that of an output which takes after an empty list. */
function checkTypesKnown(
  order: ReadonlyArray<StepInstance>,
  types: ReadonlyArray<OutputTypes | undefined>,
  reporter: Reporter,
): void {
  for (const { index, scope, declaration } of order) {
    const port = Object.entries(types[index] ?? {}).find(([, type]) => type === undefined)?.[0];
    if (port === undefined || scope.isPhantom) continue;
    const message = `${quoted(`${declaration.path}.${port}`)} takes its type from what is linked in, and the list is empty`;
    reporter.report(declaration.span, message, "a loop with `repeat: 0` gives an empty list");
  }
}

/** Who is linked to whom. */
interface Linked {
  readonly order: ReadonlyArray<StepInstance>;
  readonly inputs: ReadonlyArray<ReadonlyArray<ResolvedInput>>;
  readonly outputs: ReadonlyMap<string, Target>;
  /** What a loop carries out, by name. */
  readonly carried: (loop: LoopInstance) => ReadonlyMap<string, Target>;
}

function assemble(
  { file, declaration, given, reporter }: Building,
  unrolled: Unrolled,
  { order, inputs, outputs, carried }: Linked,
  types: ReadonlyArray<OutputTypes | undefined>,
  read: StepReaders,
): Graph {
  const kept = order.filter((step) => !step.scope.isPhantom);
  const position = new Int32Array(unrolled.steps.length).fill(-1);
  for (const [at, step] of kept.entries()) position[step.index] = at;
  const at = (step: StepInstance): number => position[step.index]!;
  const link = linkMaker(at);
  const links = (targets: ReadonlyMap<string, Target>) =>
    Object.fromEntries([...targets].map(([name, target]) => [name, link(target)]));
  const steps = kept.map((step): Step => {
    const stage = step.declaration.stage!;
    const { config, encodedConfig, paths } = read.config(step)!;
    const made = {
      id: step.id,
      declaredAs: step.declaration.path,
      cycle: step.scope.cycle,
      stage,
      config,
      encodedConfig,
      seed: stage.usesSeed ? step.seed : undefined,
      paths,
      inputs: linksByPort(stage, inputs[step.index]!, link),
      outputTypes: types[step.index] as { readonly [port: string]: AnyArtifactType },
      location: reporter.location(step.declaration.span),
    };
    return Object.assign(made, gatesOf(step, at), read.terms(step));
  });
  return {
    name: declaration.name,
    file,
    seed: unrolled.seed,
    params: Object.fromEntries([...given.params].map(([name, { value }]) => [name, value as Json])),
    steps,
    loops: unrolled.loops
      .filter((loop) => !loop.parent.isPhantom)
      .map((loop) => loopInfo(loop, at, links(carried(loop)))),
    matrices: unrolled.matrices.filter((matrix) => !matrix.parent.isPhantom).map(matrixInfo),
    outputs: links(outputs),
  };
}
