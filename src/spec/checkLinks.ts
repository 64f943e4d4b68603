/**
 * Checks the type on every link, in the order of the data: an output's type may depend on the types of the step's inputs.
 * What is unknown because of a mistake reported elsewhere stays unknown and is accepted everywhere.
 */
import {
  portAccepts,
  resolveOutputType,
  typeLabel,
  type AnyArtifactType,
  type InputPort,
  type OutputPort,
} from "../core/ArtifactType.ts";
import { mainPort, type AnyStage } from "../core/Stage.ts";
import { targetsOf } from "./conditional.ts";
import type { NamedLink } from "./declarations.ts";
import { inputPorts, portTypes } from "./ports.ts";
import type { Reporter, Span } from "./Reporter.ts";
import type { Resolved, Target, Value } from "./resolveLinks.ts";
import { listed, quoted } from "../core/suggest.ts";
import { bodyOf, type Scope, type StepInstance } from "./instances.ts";

export type OutputTypes = { readonly [port: string]: AnyArtifactType | undefined };

export interface ResolvedInput {
  readonly declared: NamedLink;
  readonly value: Resolved;
}

/** The types of a step's outputs; reports links that do not fit. `typesOf` knows the steps before it, `unfit` the links reported. */
export function checkStepLinks(
  step: StepInstance,
  inputs: ReadonlyArray<ResolvedInput>,
  typesOf: (step: StepInstance) => OutputTypes | undefined,
  unfit: Set<NamedLink>,
  reporter: Reporter,
): OutputTypes {
  const { stage } = step.declaration;
  if (stage === undefined) return {};
  const ports = inputPorts(stage);
  const inputTypes: { [port: string]: AnyArtifactType | undefined } = {};
  let isAllKnown = true;
  for (const { declared, value } of inputs) {
    const port = Object.hasOwn(ports, declared.name) ? ports[declared.name] : undefined;
    if (port === undefined || value === undefined) {
      isAllKnown = false;
      continue;
    }
    const types = checkInput(step, declared, port, value, typesOf, unfit, reporter);
    inputTypes[declared.name] = types?.[0];
    if (types?.[0] === undefined || types.includes(undefined)) isAllKnown = false;
  }
  const isComplete = Object.entries(ports).every(([name, port]) => port.optional || name in inputTypes);
  return outputTypes(stage, inputTypes, isAllKnown && isComplete);
}

function outputTypes(
  stage: AnyStage,
  inputTypes: { readonly [port: string]: AnyArtifactType | undefined },
  isAllKnown: boolean,
): OutputTypes {
  const fixed = fixedTypes(stage);
  if (fixed !== undefined) return fixed;
  return Object.fromEntries(
    outputPorts(stage).map(([name, port]) => [
      name,
      // A function of types must not be asked with a type missing that it may count on.
      typeof port.type === "function" && !isAllKnown ? undefined : resolveOutputType(port, inputTypes),
    ]),
  );
}

const outputPorts = (stage: AnyStage) =>
  Object.entries(stage.outputs as { readonly [port: string]: OutputPort<unknown> });

const fixedTypesOf = new WeakMap<AnyStage, OutputTypes | "vary">();

/** Most stages give the same types whatever comes in; their steps share one object. */
function fixedTypes(stage: AnyStage): OutputTypes | undefined {
  let types = fixedTypesOf.get(stage);
  if (types === undefined) {
    const ports = outputPorts(stage);
    const isFixed = ports.every(([, { type }]) => typeof type !== "function" && !("sameAs" in type));
    types = isFixed ? Object.fromEntries(ports.map(([name, port]) => [name, resolveOutputType(port, {})])) : "vary";
    fixedTypesOf.set(stage, types);
  }
  return types === "vary" ? undefined : types;
}

/** The types that come in; undefined where they do not fit, which is reported. */
function checkInput(
  step: StepInstance,
  declared: NamedLink,
  port: InputPort<unknown>,
  value: Value,
  typesOf: (step: StepInstance) => OutputTypes | undefined,
  unfit: Set<NamedLink>,
  reporter: Reporter,
): ReadonlyArray<AnyArtifactType | undefined> | undefined {
  const written = linkSpan(declared);
  const end = `${step.declaration.path}.${declared.name}`;
  if (value.isList && !port.list) {
    const message = `${quoted(end)} takes one ${portTypes(port)}, and this link gives a list`;
    reporter.report(written.span, message, "name one of them: `loop[last].step`, `loop[2].step`", "one");
    return undefined;
  }
  const targets = targetsOf(value);
  const types = targets.map((target) => targetType(target, typesOf));
  const wrong = types.findIndex((type) => type !== undefined && !portAccepts(port, type));
  if (wrong === -1) return types;
  // What did not fit in an earlier cycle need not fit in a later one.
  if (unfit.has(declared)) return undefined;
  unfit.add(declared);
  const target = targets[wrong]!;
  const next = nextLink(step, written.text);
  if (next !== undefined) {
    const words = `\`next\` makes ${quoted(written.text)} ${quoted(`${target.step.declaration.path}.${target.port}`)}`;
    const message = `${words}, which is ${typeLabel(types[wrong]!)}, but ${quoted(end)} takes ${portTypes(port)}`;
    reporter.report(linkSpan(next).span, message, fittingHint(step, port, target, typesOf), `type of ${end}`);
    return undefined;
  }
  const message = `${quoted(end)} takes ${portTypes(port)}, but ${targetWords(written.text, target)} gives ${typeLabel(types[wrong]!)}`;
  const hint = fittingHint(step, port, target, typesOf);
  reporter.report(written.span, message, hint, `type of ${declared.name}`);
  return undefined;
}

/** From cycle 2 on a carried name is what `next` says, and so a type that does not fit is its mistake. */
function nextLink(step: StepInstance, name: string): NamedLink | undefined {
  const scope = bodyOf(step.scope);
  if (scope.loop === undefined || scope.cycle === 1 || scope.block.slotOf.has(name)) return undefined;
  return scope.loop.declaration.next.find((entry) => entry.name === name);
}

const targetType = ({ step, port }: Target, typesOf: (step: StepInstance) => OutputTypes | undefined) =>
  port === undefined ? undefined : typesOf(step)?.[port];

function linkSpan({ link, nameSpan }: NamedLink): { readonly span: Span; readonly text: string } {
  if (link === undefined) return { span: nameSpan, text: "" };
  if (!Array.isArray(link))
    return { span: (link as { span: Span }).span, text: String((link as { value: unknown }).value) };
  return { span: link[0]?.span ?? nameSpan, text: link.map((item) => String(item.value)).join(", ") };
}

/** `bi0` (`bi0.encoder`): what was written, and what it stands for. */
function targetWords(text: string, { step, port }: Target): string {
  const full = `${step.id}.${port}`;
  return text === full ? quoted(full) : `${quoted(text)} (${quoted(full)})`;
}

/** Another output of the same step that would fit, else steps in reach that have one. */
function fittingHint(
  step: StepInstance,
  port: InputPort<unknown>,
  target: Target,
  typesOf: (step: StepInstance) => OutputTypes | undefined,
): string | undefined {
  const own = fittingPorts(target.step, port, typesOf);
  if (own.length > 0) return `${quoted(`${target.step.declaration.name}.${own[0]}`)} would fit`;
  const others: Array<string> = [];
  for (let scope: Scope | undefined = step.scope; scope !== undefined; scope = scope.parent) {
    for (const member of scope.members) {
      if (member.kind !== "step" || member.index >= step.index) continue;
      const main = member.declaration.stage === undefined ? undefined : mainPort(member.declaration.stage);
      const fitting = fittingPorts(member, port, typesOf);
      others.push(
        ...fitting.map((name) => (name === main ? member.declaration.name : `${member.declaration.name}.${name}`)),
      );
    }
  }
  return others.length === 0 ? undefined : `these would fit: ${listed([...new Set(others)], 6)}`;
}

function fittingPorts(
  step: StepInstance,
  port: InputPort<unknown>,
  typesOf: (step: StepInstance) => OutputTypes | undefined,
): ReadonlyArray<string> {
  return Object.entries(typesOf(step) ?? {})
    .filter(([, type]) => type !== undefined && portAccepts(port, type))
    .map(([name]) => name);
}
