/** Models out of a pipeline's cache: which outputs are meant, and each with its tokenizer. */
import * as Effect from "effect/Effect";
import { Tokenizer } from "../artifact/index.ts";
import { ArtifactStore } from "../core/ArtifactStore.ts";
import { typeLabel } from "../core/ArtifactType.ts";
import type { ContentDigest } from "../core/digest.ts";
import type { Graph, Step } from "../core/Graph.ts";
import type { EncoderModel } from "../nn/EncoderModel.ts";
import { UsageError } from "./commandLine.ts";
import { findOutput, type FoundOutput } from "./findOutput.ts";
import { cacheLayer } from "./layers.ts";
import { outputDigest } from "./outputDigest.ts";
import type { Session } from "./session.ts";

const modelTypes: ReadonlySet<string> = new Set(["Backbone", "BiEncoder", "CrossEncoder"]);

export const isModel = ({ outputTypes }: Step, port: string): boolean => modelTypes.has(outputTypes[port]!.name);

export interface NamedOutput extends FoundOutput {
  /** As the file's `outputs` name it, or the step as written. */
  readonly name: string;
}

export interface StoredModel extends NamedOutput {
  readonly digest: ContentDigest;
  readonly model: EncoderModel;
  readonly tokenizer: Tokenizer;
}

/** The model of `STEP[.PORT]`, or every model among the file's `outputs`. Throws `UsageError` where there is none. */
export function modelOutputs(graph: Graph, written: string | undefined): ReadonlyArray<NamedOutput> {
  if (written !== undefined) {
    const output = findOutput(graph, written);
    const type = output.step.outputTypes[output.port]!;
    if (modelTypes.has(type.name)) return [{ name: written, ...output }];
    throw new UsageError(`\`${written}\` is ${typeLabel(type)}, not a model`, modelsHint(graph));
  }
  const outputs = Object.entries(graph.outputs).map(([name, { step, port }]) => ({
    name,
    step: graph.steps[step]!,
    port,
  }));
  const models = outputs.filter(({ step, port }) => isModel(step, port));
  if (models.length > 0) return models;
  const lacking = outputs.length === 0 ? "the file has no `outputs`" : "none of the file's `outputs` is a model";
  throw new UsageError(lacking, modelsHint(graph));
}

/** Steps that have a model, the last ones first: those are the trained ones. */
function modelsHint(graph: Graph): string {
  const named = graph.steps.flatMap((step) => {
    const port = Object.keys(step.outputTypes).find((each) => isModel(step, each));
    return port === undefined ? [] : [`${step.id}.${port}`];
  });
  return named.length === 0 ? "no step of it makes a model" : `name a step: ${named.reverse().slice(0, 4).join(", ")}`;
}

/** Reads a model and the tokenizer it refers to. */
export const readModel = (session: Session, output: NamedOutput) =>
  Effect.gen(function* () {
    const { step, port } = output;
    const store = yield* ArtifactStore;
    const digest = yield* outputDigest(session, output);
    const bytes = yield* store.read(digest);
    const model = yield* Effect.promise(() => step.outputTypes[port]!.decode(bytes) as Promise<EncoderModel>);
    const tokenizerBytes = yield* store.read(model.tokenizer as ContentDigest);
    const tokenizer = yield* Effect.promise(() => Tokenizer.decode(tokenizerBytes));
    return { ...output, digest, model, tokenizer } satisfies StoredModel;
  }).pipe(Effect.provide(cacheLayer(session)));
