/** Where a model comes from and how good it is: the steps behind it, and every evaluation on its way that the cache has. */
import * as Effect from "effect/Effect";
import { evaluateGraph, type StepEvaluation } from "../core/evaluate.ts";
import { type Graph, linksOf, type Step } from "../core/Graph.ts";
import { metricsCells } from "../log/metricsTable.ts";
import type { LineageStep, ModelMetrics, StartingModel } from "../model/modelCard.ts";
import { knownOutputs } from "./knownOutputs.ts";
import { cacheLayer } from "./layers.ts";
import { isModel, type StoredModel } from "./modelOutputs.ts";
import { readMetrics } from "./readMetrics.ts";
import type { Session } from "./session.ts";
import { startingModels } from "./startingModels.ts";

export interface ModelLineage {
  /** In order of the graph; the last one made the model. */
  readonly steps: ReadonlyArray<LineageStep>;
  readonly starts: ReadonlyArray<StartingModel>;
  /** Of the model and of those behind it. */
  readonly metrics: ModelMetrics;
}

export const modelLineage = (session: Session, { step }: StoredModel) =>
  Effect.gen(function* () {
    const { graph } = session;
    const evaluation = (yield* evaluateGraph(graph, { until: [step.id] })).filter((each) => each !== undefined);
    const judged = judgedModels(graph, yield* stepsThatRan(graph), new Set(evaluation.map((each) => each.step.id)));
    const judges = [...judged.keys()];
    // A test set whose file went away says nothing about the model: then there are no numbers, and an export all the same.
    const judgements =
      judges.length === 0
        ? []
        : yield* evaluateGraph(graph, { until: judges }).pipe(
            Effect.catchTag("SourceMissing", () => Effect.succeed([])),
          );
    const ofJudges = judgements.filter((each) => each !== undefined && judged.has(each.step.id));
    const { names, rows } = metricsCells(yield* readMetrics(graph, knownOutputs(ofJudges)));
    const metrics = { names, rows: rows.map(({ step, cells }) => ({ model: judged.get(step)!, step, cells })) };
    const steps = evaluation.map((each) => lineageStep(graph, each));
    return { steps, starts: startingModels(evaluation.map((each) => each.step)), metrics } satisfies ModelLineage;
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

/** Steps with metrics that read a model of one of these steps directly → the output they judge. */
function judgedModels(graph: Graph, ran: ReadonlyArray<Step>, steps: ReadonlySet<string>): ReadonlyMap<string, string> {
  const judged = new Map<string, string>();
  for (const judge of ran.filter(hasMetrics))
    for (const { link } of linksOf(judge)) {
      const made = graph.steps[link.step]!;
      if (steps.has(made.id) && isModel(made, link.port)) judged.set(judge.id, `${made.id}.${link.port}`);
    }
  return judged;
}

/** All steps; where a loop may stop, those that it did not leave out, with links to the cycles that ran. */
const stepsThatRan = Effect.fnUntraced(function* (graph: Graph) {
  if (graph.loops.every(({ decisions }) => decisions === undefined)) return graph.steps;
  const evaluation = yield* evaluateGraph(graph).pipe(Effect.catchTag("SourceMissing", () => Effect.succeed([])));
  return evaluation.flatMap((each) =>
    each === undefined || each.leftOutBy !== undefined || each.undecided !== undefined ? [] : [each.step],
  );
});

const hasMetrics = (step: Step): boolean => Object.values(step.outputTypes).some((type) => type.name === "Metrics");
