/**
 * A process that runs graphs of `toil` on a cache, one after the other: `toiler.ts CACHE SEED RUNS LAST_MS`. After each it prints
 * `{"seed", "digests", "words"}`.
 */
import "./leapingClock.ts";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { EngineInfo } from "../../src/core/EngineInfo.ts";
import { layerLocal } from "../../src/executor/local/layer.ts";
import { layerCheckpoints } from "../../src/store/checkpoints.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { layerLeases } from "../../src/store/leases.ts";
import { layerRunLog } from "../../src/store/runLog.ts";
import { layerSourceFiles } from "../../src/store/sourceFiles.ts";
import { finalDigests, runEvents, testEngine } from "./runEvents.ts";
import { toilOf } from "./toil.ts";

const [root = "", seed = "", runs = "", lastMs = ""] = process.argv.slice(2);

const rig = Layer.mergeAll(
  Layer.succeed(EngineInfo, testEngine),
  Layer.provideMerge(
    layerLocal({ worker: { path: "", args: [], env: {} } }),
    // Marks what it uses oftener than the command does, since the collector that runs beside it has little patience.
    Layer.mergeAll(layerDirectory(root, 300), layerCheckpoints(root), layerLeases(root), layerSourceFiles(root)),
  ),
  layerRunLog(root),
);

for (let i = 0; i < Number(runs); i++) {
  const { graph } = toilOf(Number(seed) + i, 10, 60, Number(lastMs));
  const { events, words } = await Effect.runPromise(Effect.provide(runEvents(graph, { jobs: 3 }), rig));
  process.stdout.write(`${JSON.stringify({ seed: Number(seed) + i, digests: finalDigests(events), words })}\n`);
}
