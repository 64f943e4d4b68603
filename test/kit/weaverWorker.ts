/** The worker process of `weaver.ts`, on a cache folder. */
import * as Layer from "effect/Layer";
import { serveWorker } from "../../src/executor/local/serveWorker.ts";
import { layerCheckpoints } from "../../src/store/checkpoints.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { weaveWorkerStages } from "./weaveStages.ts";

const [root = ""] = process.argv.slice(2);

serveWorker({ stages: weaveWorkerStages, layer: Layer.mergeAll(layerDirectory(root), layerCheckpoints(root)) });
