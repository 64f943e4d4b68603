/** The worker process: the stages there are, the cache it is given, and the engine that runs them. */
import { availableParallelism } from "node:os";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { CheckpointEveryMs } from "../core/Checkpoints.ts";
import { StageFailure } from "../core/errors.ts";
import type { Engine } from "../engine/Engine.ts";
import type { EngineUnavailable } from "../engine/EngineChoice.ts";
import { threadsVariable } from "../executor/local/layer.ts";
import { type EngineSetup, serveWorker } from "../executor/local/serveWorker.ts";
import { layerCheckpoints } from "../store/checkpoints.ts";
import { layerDirectory } from "../store/directory.ts";
import { checkpointEveryMs, checkpointVariable } from "./checkpointEveryMs.ts";
import { engineChoice } from "./engineChoice.ts";
import { openStageHere } from "./ownStages.ts";
import { stages } from "../../stages/index.ts";

const cache = process.argv[2];
if (cache === undefined || process.send === undefined) {
  process.stderr.write("worker.ts is started by `pipeline run`, with the cache folder as its argument.\n");
  process.exit(2);
}

const share = Number(process.env[threadsVariable]) || availableParallelism();
const chosen = engineChoice({}, process.env);

/** Heavy, and only workers compute: it comes when the first task that needs it does. */
function engineOn(device: string = chosen.device, threads: number = share): EngineSetup<Engine> {
  const { engine } = chosen;
  const load = Effect.promise(() => import("../engine/layer.ts"));
  const layer = Layer.unwrap(Effect.map(load, ({ layerEngine }) => layerEngine({ engine, device, threads })));
  const failing = Layer.catch(layer, (error: EngineUnavailable) => Layer.effectContext(Effect.fail(asFailure(error))));
  return { layer: failing, environment: { engine, device, threads } };
}

const asFailure = ({ message, hint }: EngineUnavailable): StageFailure =>
  new StageFailure({ cause: "stage-error", message: `${message}.`, hint });

const checkpoints = Layer.merge(
  layerCheckpoints(cache),
  Layer.succeed(CheckpointEveryMs, checkpointEveryMs(process.env[checkpointVariable])),
);

serveWorker({ stages, openStage: openStageHere, layer: Layer.merge(layerDirectory(cache), checkpoints), engineOn });
