/** Graphs by hand, for tests that need no pipeline file. */
import * as Schema from "effect/Schema";
import type { Json } from "../../src/core/canonicalJson.ts";
import { resolveOutputType, type AnyArtifactType } from "../../src/core/ArtifactType.ts";
import type { Graph, Link, PathField, Step } from "../../src/core/Graph.ts";
import type { StepLimits } from "../../src/core/limits.ts";
import type { Resources } from "../../src/core/resources.ts";
import { mainPort, type AnyStage, type OutputPorts } from "../../src/core/Stage.ts";

export interface StepSpec {
  readonly id: string;
  readonly uses: AnyStage;
  readonly with?: { readonly [field: string]: Json };
  /** `step` or `step.port`; an array for a list port. */
  readonly in?: { readonly [port: string]: string | ReadonlyArray<string> };
  readonly seed?: number;
  readonly paths?: ReadonlyArray<PathField>;
  readonly limits?: StepLimits;
  readonly resources?: Resources;
}

export function graphOf(specs: ReadonlyArray<StepSpec>, name = "test"): Graph {
  const steps: Array<Step> = [];
  for (const spec of specs) steps.push(stepOf(spec, steps, steps.length + 1));
  return { name, file: `/pipelines/${name}.yaml`, seed: 1, params: {}, steps, loops: [], matrices: [], outputs: {} };
}

function stepOf(spec: StepSpec, earlier: ReadonlyArray<Step>, line: number): Step {
  const { id, uses: stage, with: config = {}, in: links = {}, seed, paths = [], limits, resources } = spec;
  const linkTo = (text: string): Link => {
    const step = earlier.findIndex((each) => text === each.id || text.startsWith(`${each.id}.`));
    if (step < 0) throw new Error(`no step for the link ${text}`);
    return { step, port: text.slice(earlier[step]!.id.length + 1) || mainPort(earlier[step]!.stage) };
  };
  const inputs = Object.entries(links).map(([port, value]) => [
    port,
    typeof value === "string" ? linkTo(value) : value.map(linkTo),
  ]);
  const cycle = /\[(\d+)\]/.exec(id)?.[1];
  return {
    id,
    declaredAs: id.replaceAll(/\[\d+\]/g, ""),
    cycle: cycle === undefined ? null : Number(cycle),
    stage,
    config: Schema.decodeUnknownSync(stage.config)(config),
    encodedConfig: config,
    seed: stage.usesSeed ? (seed ?? 1) : undefined,
    paths,
    inputs: Object.fromEntries(inputs),
    outputTypes: outputTypes(stage),
    ...(limits === undefined ? {} : { limits }),
    ...(resources === undefined ? {} : { resources }),
    location: { file: "/pipelines/test.yaml", line, column: 1 },
  };
}

function outputTypes(stage: AnyStage): { readonly [port: string]: AnyArtifactType } {
  const ports = stage.outputs as OutputPorts;
  return Object.fromEntries(Object.keys(ports).map((port) => [port, resolveOutputType(ports[port]!, {})!]));
}
