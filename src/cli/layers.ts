/** Layers composed, once: what commands that look need, and what a run needs on top. Nothing heavy is loaded by either. */
import { getCompileCacheDir } from "node:module";
import { fileURLToPath } from "node:url";
import * as Layer from "effect/Layer";
import { EngineInfo } from "../core/EngineInfo.ts";
import { type EngineChoice, identityOf } from "../engine/EngineChoice.ts";
import { layerLocal } from "../executor/local/layer.ts";
import { hubFolders } from "../model/hub/hubFolders.ts";
import { hubSettings } from "../model/hub/hubSettings.ts";
import { layerCache } from "../store/cache.ts";
import { heapEnvironment } from "../engine/heapEnvironment.ts";
import { engineEnvironment } from "./engineChoice.ts";
import type { Session } from "./session.ts";

type Places = Pick<Session, "cache" | "engine">;

/** The cache in a folder, its runs, the files that steps read, and the engine's identity for keys. */
export const cacheLayer = ({ cache, engine }: Places) =>
  Layer.merge(
    layerCache(cache, hubFolders(cache, hubSettings(process.env))),
    Layer.succeed(EngineInfo, identityOf(engine)),
  );

/** With an executor that runs training in worker processes of this package. */
export const runLayer = (session: Places) =>
  Layer.provideMerge(layerLocal({ worker: workerEntry(session) }), cacheLayer(session));

/** A file of ours that a process of its own runs: beside this module, in the sources as in the bundle (bin/buildBundle.mjs). */
export const entryPath = (name: string): string =>
  fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? `${name}.ts` : `${name}.js`, import.meta.url));

/** Our processes share our compile cache, and compute with the engine that was chosen. */
export function entryEnvironment(engine: EngineChoice): { readonly [name: string]: string } {
  const compileCache = getCompileCacheDir();
  return {
    ...heapEnvironment,
    ...engineEnvironment(engine),
    ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
  };
}

const workerEntry = ({ cache, engine }: Places) => ({
  path: entryPath("worker"),
  args: [cache],
  env: entryEnvironment(engine),
});
