/** Layers composed, once: what commands that look need, and what a run needs on top. Nothing heavy is loaded by either. */
import { fileURLToPath } from "node:url";
import * as Layer from "effect/Layer";
import { EngineInfo } from "../core/EngineInfo.ts";
import { onnxIdentity } from "../engine/identity.ts";
import { layerLocal } from "../executor/local/layer.ts";
import { layerCache } from "../store/cache.ts";

/** The cache in a folder, its runs, the files that steps read, and the engine's identity for keys. */
export const cacheLayer = (cache: string) => Layer.merge(layerCache(cache), Layer.succeed(EngineInfo, onnxIdentity));

/** With an executor that runs training in worker processes of this package. */
export const runLayer = (cache: string) =>
  Layer.provideMerge(layerLocal({ worker: workerEntry(cache) }), cacheLayer(cache));

const workerEntry = (cache: string) => ({
  path: fileURLToPath(new URL("worker.ts", import.meta.url)),
  args: [cache],
  env: {},
});
