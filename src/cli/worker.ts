/** The worker process: the stages there are, the cache it is given, and the engine that runs them. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { CheckpointEveryMs } from "../core/Checkpoints.ts";
import { threadsVariable } from "../executor/local/layer.ts";
import { serveWorker } from "../executor/local/serveWorker.ts";
import { layerCheckpoints } from "../store/checkpoints.ts";
import { layerDirectory } from "../store/directory.ts";
import { checkpointEveryMs, checkpointVariable } from "./checkpointEveryMs.ts";
import { stages } from "../../stages/index.ts";

const cache = process.argv[2];
if (cache === undefined || process.send === undefined) {
  process.stderr.write("worker.ts is started by `pipeline run`, with the cache folder as its argument.\n");
  process.exit(2);
}

// Heavy, and only workers compute: it comes when the first task does.
const threads = Number(process.env[threadsVariable]) || undefined;
const engine = Layer.unwrap(
  Effect.promise(async () => (await import("../engine/onnx/layer.ts")).layer(threads === undefined ? {} : { threads })),
);

const checkpoints = Layer.merge(
  layerCheckpoints(cache),
  Layer.succeed(CheckpointEveryMs, checkpointEveryMs(process.env[checkpointVariable])),
);

serveWorker({ stages, layer: Layer.mergeAll(layerDirectory(cache), checkpoints, engine) });
