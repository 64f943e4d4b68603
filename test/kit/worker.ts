/** The worker process of the tests: knows the fake stages and a cache folder. */
import * as Layer from "effect/Layer";
import { serveWorker } from "../../src/executor/local/serveWorker.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { layerMemory } from "../../src/store/memory.ts";
import { workerStages } from "./fakeStages.ts";

const cache = process.argv[2];
serveWorker({
  stages: workerStages,
  layer: Layer.mergeAll(cache === undefined ? layerMemory() : layerDirectory(cache)),
});
