/** The worker process of the tests: knows the fake stages and a cache folder. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { serveWorker } from "../../src/executor/local/serveWorker.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { layerMemory } from "../../src/store/memory.ts";
import { StageFailure } from "../../src/core/errors.ts";
import { FakeEngine, inWorker, workerStages } from "./fakeStages.ts";
import { heed } from "./movingInputs.ts";

const cache = process.argv[2];
const unavailable = new StageFailure({ cause: "stage-error", message: "There is no tensorrt.", hint: "Buy one." });

serveWorker({
  stages: [...workerStages, inWorker(heed)],
  layer: Layer.mergeAll(cache === undefined ? layerMemory() : layerDirectory(cache)),
  engineOn: (device = "cpu", threads = 0) => ({
    layer:
      device === "tensorrt"
        ? Layer.effect(FakeEngine, Effect.fail(unavailable))
        : Layer.succeed(FakeEngine, { device, threads }),
    environment: { device, threads },
  }),
});
