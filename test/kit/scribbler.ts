/** A process that writes into a cache as fast as it can, to be killed: `scribbler.ts CACHE SEED`. Records of several blobs, checkpoints, leases, collections. */
import { randomBytes } from "node:crypto";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { CheckpointStore } from "../../src/core/Checkpoints.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { Leases } from "../../src/core/Leases.ts";
import { layerCheckpoints } from "../../src/store/checkpoints.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { collectGarbage } from "../../src/store/gc/collectGarbage.ts";
import { layerLeases } from "../../src/store/leases.ts";
import { recordOf } from "./records.ts";
import { randomOf } from "./toil.ts";

const [root = "", seed = ""] = process.argv.slice(2);
const random = randomOf(Number(seed));

const scribble = Effect.gen(function* () {
  const store = yield* ArtifactStore;
  const key = `${seed} ${random()}`;
  const blobs = Array.from({ length: 1 + Math.floor(3 * random()) }, () =>
    randomBytes(Math.floor(200_000 * random() ** 3)),
  );
  const outputs = blobs.map((blob, i) => [
    `port${i}`,
    { digest: contentDigest(blob), sizeBytes: blob.length, type: "Text" },
  ]);
  const record = { ...recordOf(key, {}), outputs: Object.fromEntries(outputs) };
  const claim = yield* (yield* Leases).take(record.fingerprint, { run: seed, step: key });
  const tensors = new Map([["w", new Float32Array(blobs[0]!.length)]]);
  yield* (yield* CheckpointStore).save(record.fingerprint, { done: 1, facts: {}, tensors });
  for (const blob of blobs) yield* store.write(blob);
  yield* store.publish(record);
  if (random() < 0.7) yield* (yield* CheckpointStore).remove(record.fingerprint);
  if (claim.kind === "taken") yield* claim.release;
  if (random() < 0.1) yield* collectGarbage(root, { keepMs: 0, graceMs: 300 });
});

process.stdout.write("up\n");
const layer = Layer.mergeAll(layerDirectory(root), layerCheckpoints(root), layerLeases(root));
await Effect.runPromise(Effect.provide(Effect.forever(scribble), layer));
