/** Checks of a step against its stage that need no links resolved: which ports there are, which are needed. */
import { typeLabel, type InputPort } from "../core/ArtifactType.ts";
import type { AnyStage } from "../core/Stage.ts";
import { writtenForm } from "./expected.ts";
import type { Reporter, Span } from "./Reporter.ts";
import { closest, either, quoted } from "../core/suggest.ts";

export const inputPorts = (stage: AnyStage): { readonly [port: string]: InputPort<unknown> } => stage.inputs;

/** The names of a stage's settings. */
function settingNames(stage: AnyStage): ReadonlyArray<string> {
  const ast = writtenForm(stage.config.ast);
  return ast._tag === "Objects" ? ast.propertySignatures.map((property) => String(property.name)) : [];
}

/** `BiEncoder or CrossEncoder`, `list of Metrics`. */
export function portTypes(port: InputPort<unknown>): string {
  const types = either(port.types.map(typeLabel));
  return port.list ? `list of ${types}` : types;
}

/** Where a key belongs that stands in the wrong place. */
export function misplacedKeyHint(stage: AnyStage | undefined, key: string): string | undefined {
  if (stage === undefined) return undefined;
  if (Object.hasOwn(stage.inputs, key)) return `${quoted(key)} is an input port: write it under \`in\``;
  if (settingNames(stage).includes(key)) return `${quoted(key)} is a setting: write it under \`with\``;
  return undefined;
}

export function checkPorts(
  stage: AnyStage,
  step: string,
  span: Span,
  inputs: ReadonlyArray<{ readonly name: string; readonly nameSpan: Span }>,
  reporter: Reporter,
): void {
  const ports = inputPorts(stage);
  const linked = new Set(inputs.map(({ name }) => name));
  const free = Object.keys(ports).filter((port) => !linked.has(port));
  for (const { name, nameSpan } of inputs) {
    if (Object.hasOwn(ports, name)) continue;
    const likely = closest(name, free);
    if (likely !== undefined) linked.add(likely);
    const hint = likely === undefined ? unknownPortHint(stage, name) : `did you mean ${quoted(likely)}?`;
    reporter.report(nameSpan, `stage ${quoted(stage.name)} has no input port ${quoted(name)}`, hint);
  }
  for (const [name, port] of Object.entries(ports)) {
    if (port.optional || linked.has(name)) continue;
    reporter.report(
      span,
      `step ${quoted(step)} has nothing linked to its input port ${quoted(name)} (${portTypes(port)})`,
      `add it: in: { ${name}: <step> } (${port.description})`,
    );
  }
}

function unknownPortHint(stage: AnyStage, name: string): string {
  if (settingNames(stage).includes(name)) return `${quoted(name)} is a setting: write it under \`with\``;
  const ports = Object.entries(inputPorts(stage)).map(([port, type]) => `${port} (${portTypes(type)})`);
  return ports.length === 0 ? "it has none" : `its input ports: ${ports.join(", ")}`;
}
