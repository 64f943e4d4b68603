/**
 * A process that runs random pipelines on a cache, one after the other, to be killed with its workers: `weaver.ts FOLDER SEED COUNT`. Prints
 * `{"begins": seed}`, then every event, then `{"ends": seed}`.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { EngineInfo } from "../../src/core/EngineInfo.ts";
import { layerLocal } from "../../src/executor/local/layer.ts";
import { layerCache } from "../../src/store/cache.ts";
import { runEvents, testEngine } from "./runEvents.ts";
import { weaveOf } from "./weave.ts";

const [folder = "", first = "", count = ""] = process.argv.slice(2);
const root = join(folder, "cache");
const worker = { path: fileURLToPath(new URL("weaverWorker.ts", import.meta.url)), args: [root], env: {} };

const rig = Layer.mergeAll(
  Layer.succeed(EngineInfo, testEngine),
  Layer.provideMerge(layerLocal({ worker, jobs: 2 }), layerCache(root)),
);
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const runAll = Effect.gen(function* () {
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const graph = yield* Effect.promise(() => weaveOf(folder, seed));
    print({ begins: seed });
    yield* runEvents(graph, { jobs: 2, onEvent: print });
    print({ ends: seed });
  }
});
await Effect.runPromise(Effect.provide(runAll, rig));
