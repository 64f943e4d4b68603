/** Where a model comes from and how good it is: the steps behind it, and every evaluation of it that the cache has. */
import * as Effect from "effect/Effect";
import { evaluateGraph, type StepEvaluation } from "../core/evaluate.ts";
import { type Graph, linksOf, type Step } from "../core/Graph.ts";
import type { LineageStep, ModelMetric } from "../model/modelCard.ts";
import { knownOutputs } from "./knownOutputs.ts";
import { cacheLayer } from "./layers.ts";
import type { StoredModel } from "./modelOutputs.ts";
import { readMetrics } from "./readMetrics.ts";
import type { Session } from "./session.ts";

export interface ModelLineage {
  /** In order of the graph; the last one made the model. */
  readonly steps: ReadonlyArray<LineageStep>;
  readonly metrics: ReadonlyArray<ModelMetric>;
}

export const modelLineage = (session: Session, { step, digest }: StoredModel) =>
  Effect.gen(function* () {
    const { graph } = session;
    const evaluation = yield* evaluateGraph(graph, { until: [step.id] });
    const steps = evaluation.flatMap((each) => (each === undefined ? [] : [lineageStep(graph, each)]));
    const judges = evaluatorsOf(graph, step).map(({ id }) => id);
    if (judges.length === 0) return { steps, metrics: [] };
    // A test set whose file went away says nothing about the model: then there are no numbers, and an export all the same.
    const judged = yield* evaluateGraph(graph, { until: judges }).pipe(
      Effect.catchTag("SourceMissing", () => Effect.succeed([])),
    );
    const ofThis = judged.filter((each) => each !== undefined && judges.includes(each.step.id) && reads(each, digest));
    const rows = yield* readMetrics(graph, knownOutputs(ofThis));
    const metrics = rows.map((row) => ({ step: row.step, name: row.name, value: row.value }));
    return { steps, metrics };
  }).pipe(Effect.provide(cacheLayer(session)));

function lineageStep(graph: Graph, { step, key, record }: StepEvaluation): LineageStep {
  const inputs = linksOf(step).map(({ port, link }) => `${port}: ${graph.steps[link.step]!.id}.${link.port}`);
  return {
    step: step.id,
    stage: `${step.stage.name}@${step.stage.version}`,
    settings: step.encodedConfig,
    ...(step.seed === undefined ? {} : { seed: step.seed }),
    inputs,
    fingerprint: key?.fingerprint ?? "",
    outputs: Object.fromEntries(Object.entries(record?.outputs ?? {}).map(([port, { digest }]) => [port, digest])),
  };
}

/** Steps with metrics that read an output of a step directly. */
const evaluatorsOf = (graph: Graph, step: Step): ReadonlyArray<Step> =>
  graph.steps.filter(
    (each) =>
      Object.values(each.outputTypes).some((type) => type.name === "Metrics") &&
      linksOf(each).some(({ link }) => graph.steps[link.step]!.id === step.id),
  );

const reads = ({ key }: StepEvaluation, digest: string): boolean =>
  Object.values(key?.parts.inputs ?? {}).some((input) => [input].flat().includes(digest as never));
