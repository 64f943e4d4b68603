/** Layers composed, once: what commands that look need, and what a run needs on top. Nothing heavy is loaded by either. */
import { getCompileCacheDir } from "node:module";
import { fileURLToPath } from "node:url";
import * as Layer from "effect/Layer";
import { EngineInfo } from "../core/EngineInfo.ts";
import { onnxIdentity } from "../engine/identity.ts";
import { layerLocal } from "../executor/local/layer.ts";
import { hubFolders } from "../model/hub/hubFolders.ts";
import { hubSettings } from "../model/hub/hubSettings.ts";
import { layerCache } from "../store/cache.ts";

/** The cache in a folder, its runs, the files that steps read, and the engine's identity for keys. */
export const cacheLayer = (cache: string) =>
  Layer.merge(layerCache(cache, hubFolders(cache, hubSettings(process.env))), Layer.succeed(EngineInfo, onnxIdentity));

/** With an executor that runs training in worker processes of this package. */
export const runLayer = (cache: string) =>
  Layer.provideMerge(layerLocal({ worker: workerEntry(cache) }), cacheLayer(cache));

/** Beside this module, in the sources as in the bundle (bin/buildBundle.mjs). Workers share our compile cache. */
function workerEntry(cache: string) {
  const name = import.meta.url.endsWith(".ts") ? "worker.ts" : "worker.js";
  const compileCache = getCompileCacheDir();
  const env: { readonly [name: string]: string } =
    compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache };
  return {
    path: fileURLToPath(new URL(name, import.meta.url)),
    args: [cache],
    env,
  };
}
