/** Runs a graph and tells what happened in the words of its events, which is what tests of the engine assert. */
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { EngineIdentity } from "../../src/core/ActionRecord.ts";
import { EngineInfo } from "../../src/core/EngineInfo.ts";
import type { RunEvent } from "../../src/core/events.ts";
import type { LeaseHolder } from "../../src/core/Leases.ts";
import type { Graph } from "../../src/core/Graph.ts";
import type { Machine } from "../../src/core/resources.ts";
import { makeRunId } from "../../src/core/runId.ts";
import { runGraph, type RunOptions } from "../../src/core/run.ts";
import { layerLocal } from "../../src/executor/local/layer.ts";
import { layerCache } from "../../src/store/cache.ts";
import { layerMemoryLeases } from "../../src/store/leases.ts";
import { emptyMemory, layerMemory, type MemoryState } from "../../src/store/memory.ts";
import { layerMemoryRunLog } from "../../src/store/memoryRunLog.ts";
import { layerSourceFiles } from "../../src/store/sourceFiles.ts";

export const testEngine: EngineIdentity = {
  name: "test",
  version: "1.0.0",
  precision: "float32",
  deviceClass: "cpu",
  arithmeticVersion: 1,
};

const workerEntry = (args: ReadonlyArray<string>) => ({
  path: fileURLToPath(new URL("worker.ts", import.meta.url)),
  args,
  env: {},
});

/** All in memory; worker stages are not available. */
export const memoryRig = (state: MemoryState = emptyMemory(), leases: Map<string, LeaseHolder> = new Map()) =>
  Layer.mergeAll(
    layerMemoryLeases(leases),
    layerSourceFiles(),
    layerMemoryRunLog(),
    Layer.succeed(EngineInfo, testEngine),
    Layer.provideMerge(layerLocal({ worker: workerEntry([]) }), layerMemory(state)),
  );

/** A cache folder, with workers that know the stages of `fakeStages.ts`. */
export const folderRig = (root: string, graceMs = 5000, machine?: Machine) =>
  Layer.mergeAll(
    Layer.succeed(EngineInfo, testEngine),
    Layer.provideMerge(
      layerLocal({ worker: workerEntry([root]), graceMs, ...(machine === undefined ? {} : { machine }) }),
      layerCache(root),
    ),
  );

/** What happened, without fingerprints, digests and times: `start a`, `hit b`, `finish a`, `fail c`, `skip d (c)`. */
export const inWords = (events: ReadonlyArray<RunEvent>): ReadonlyArray<string> =>
  events.flatMap((event) => {
    switch (event.event) {
      case "run.started":
      case "step.progress":
        return [];
      case "run.finished":
        return [event.status];
      case "step.skipped":
        return [`skip ${event.step} (${event.blockedBy})`];
      case "step.started":
        return [`${event.repairs === undefined ? "start" : "repair"} ${event.step}`];
      case "step.resumed":
        return [`resume ${event.step} (${event.done} of ${event.total})`];
      default:
        return [`${words[event.event]} ${event.step}`];
    }
  });

const words = {
  "step.waiting": "wait",
  "step.hit": "hit",
  "step.finished": "finish",
  "step.failed": "fail",
  "step.interrupted": "stop",
  "step.retried": "retry",
  "step.warning": "warn",
} as const;

/** Runs a graph and gives its events, in order, with the summary. */
export const runEvents = Effect.fnUntraced(function* (graph: Graph, options: Partial<RunOptions> = {}) {
  const events: Array<RunEvent> = [];
  const onEvent = (event: RunEvent) => {
    events.push(event);
    options.onEvent?.(event);
  };
  const summary = yield* runGraph(graph, { run: makeRunId(), jobs: 1, ...options, onEvent });
  return { events, summary, words: inWords(events) };
});

/** The digests a run ended with: step → port → digest. */
export const finalDigests = (events: ReadonlyArray<RunEvent>): { readonly [step: string]: object } =>
  Object.fromEntries(
    events.flatMap((event) =>
      event.event === "step.hit" || event.event === "step.finished" ? [[event.step, event.outputs] as const] : [],
    ),
  );
