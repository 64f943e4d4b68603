import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { type Checkpoint, CheckpointStore, type CheckpointTensor } from "../../src/core/Checkpoints.ts";
import { readSafetensors } from "../../src/model/safetensors.ts";
import { layerCheckpoints, layerMemoryCheckpoints } from "../../src/store/checkpoints.ts";
import type { DiskShape } from "../../src/store/Disk.ts";
import { diskCrashingAt, diskFailing, diskWith, layerDisk } from "../kit/faultyDisk.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const [key, otherKey] = ["a".repeat(64), "b".repeat(64)];

const checkpointAt = (done: number): Checkpoint => ({
  done,
  facts: { format: 1, note: `after ${done}` },
  tensors: new Map<string, CheckpointTensor>([
    ["z weights", Float32Array.of(done, -0, 1e-40, 3.5)],
    ["a flags", Uint8Array.of(1, 0, 1)],
    ["rates", Float64Array.of(1 / 3)],
    ["steps", Int32Array.of(-1, done)],
    ["nothing", new Float32Array(0)],
  ]),
});

const plain = (checkpoint: Checkpoint | undefined) =>
  checkpoint === undefined
    ? undefined
    : { ...checkpoint, tensors: [...checkpoint.tensors].map(([name, values]) => [name, values]) };

const assertSame = (found: Checkpoint | undefined, wanted: Checkpoint | undefined) =>
  assert.deepStrictEqual(plain(found), plain(wanted));

const folderOf = (root: string, fingerprint = key) => join(root, "checkpoints", fingerprint);
const filesOf = (root: string, fingerprint = key) => {
  try {
    return readdirSync(folderOf(root, fingerprint));
  } catch {
    return [];
  }
};

for (const [name, makeLayer] of [
  ["memory", Effect.sync(() => layerMemoryCheckpoints())],
  ["directory", Effect.map(temporaryFolder, layerCheckpoints)],
] as const) {
  describe(`checkpoints in ${name}`, () => {
    it.effect("are given back as they were, the newest of a fingerprint", () =>
      Effect.gen(function* () {
        const store = yield* CheckpointStore;
        assertSame(yield* store.load(key), undefined);
        const given = checkpointAt(3);
        yield* store.save(key, given);
        // What is saved is a copy: the training goes on in the same arrays.
        (given.tensors.get("steps") as Int32Array)[0] = 9;
        assertSame(yield* store.load(key), checkpointAt(3));
        yield* store.save(key, checkpointAt(20));
        yield* store.save(otherKey, checkpointAt(100));
        assertSame(yield* store.load(key), checkpointAt(20));
      }).pipe(Effect.provide(Layer.unwrap(makeLayer))),
    );

    it.effect("are gone when removed, and only those of that fingerprint", () =>
      Effect.gen(function* () {
        const store = yield* CheckpointStore;
        yield* store.remove(key);
        yield* store.save(key, checkpointAt(1));
        yield* store.save(otherKey, checkpointAt(2));
        yield* store.remove(key);
        assertSame(yield* store.load(key), undefined);
        assertSame(yield* store.load(otherKey), checkpointAt(2));
      }).pipe(Effect.provide(Layer.unwrap(makeLayer))),
    );
  });
}

const save = (done: number) => Effect.flatMap(CheckpointStore, (store) => store.save(key, checkpointAt(done)));
const load = Effect.flatMap(CheckpointStore, (store) => store.load(key));

const inFolder = <A, E>(test: (root: string) => Effect.Effect<A, E>) =>
  Effect.flatMap(temporaryFolder, (root) => Effect.provide(test(root), layerCheckpoints(root)));

describe("checkpoints in a folder", () => {
  it.effect("take the room of one, in a folder named by the fingerprint, and none after removal", () =>
    inFolder((root) =>
      Effect.gen(function* () {
        const store = yield* CheckpointStore;
        for (const done of [1, 2, 30]) yield* store.save(key, checkpointAt(done));
        assert.match(filesOf(root).join(), /^000000000030-[0-9a-f]{64}\.safetensors$/);
        yield* store.remove(key);
        assert.deepStrictEqual(readdirSync(join(root, "checkpoints")), []);
        assert.deepStrictEqual(readdirSync(join(root, "tmp")), []);
      }),
    ),
  );

  it.effect("are equal bytes for equal values, in a format that others read", () =>
    inFolder((root) =>
      Effect.gen(function* () {
        const store = yield* CheckpointStore;
        yield* store.save(key, checkpointAt(5));
        const [first] = filesOf(root);
        yield* store.save(key, checkpointAt(5));
        assert.deepStrictEqual(filesOf(root), [first]);
        const tensors = readSafetensors(readFileSync(join(folderOf(root), first!)), "it");
        assert.deepStrictEqual(Buffer.from(tensors.get("a flags")!.bytes), Buffer.of(1, 0, 1));
      }),
    ),
  );

  it.effect("of another run that is further on stay", () =>
    inFolder(() =>
      Effect.gen(function* () {
        const store = yield* CheckpointStore;
        yield* store.save(key, checkpointAt(50));
        yield* store.save(key, checkpointAt(40));
        assertSame(yield* store.load(key), checkpointAt(50));
      }),
    ),
  );

  it.effect("that are torn, flipped, foreign or renamed are moved aside, and the next older one is taken", () =>
    inFolder((root) =>
      Effect.gen(function* () {
        const store = yield* CheckpointStore;
        yield* store.save(key, checkpointAt(8));
        const [name] = filesOf(root);
        const whole = readFileSync(join(folderOf(root), name!));
        const digest = name!.split("-")[1]!;
        yield* store.save(otherKey, checkpointAt(9));
        const [foreign] = filesOf(root, otherKey);
        const damages: ReadonlyArray<Buffer> = [
          ...[0, 1, 7, 8, 100, whole.length - 1].map((length) => whole.subarray(0, length)),
          ...[0, 9, 300, whole.length - 1].map((at) => {
            const flipped = Buffer.from(whole);
            flipped[at]! ^= 4;
            return flipped;
          }),
          Buffer.concat([whole, Buffer.of(0)]),
        ];
        for (const [i, bytes] of damages.entries()) {
          writeFileSync(join(folderOf(root), `0000000001${String(i).padStart(2, "0")}-${digest}`), bytes);
          assertSame(yield* store.load(key), checkpointAt(8));
        }
        renameSync(join(folderOf(root, otherKey), foreign!), join(folderOf(root), foreign!));
        assertSame(yield* store.load(key), checkpointAt(8));
        assert.deepStrictEqual(filesOf(root), [name]);
        assert.strictEqual(readdirSync(join(root, "quarantine")).length, damages.length + 1);
        writeFileSync(join(folderOf(root), name!), whole.subarray(0, 40));
        assertSame(yield* store.load(key), undefined);
      }),
    ),
  );

  it.effect("a crash at any operation of a save leaves the older or the newer one, whole", () =>
    Effect.gen(function* () {
      const counted = diskWith(() => undefined);
      const first = yield* temporaryFolder;
      yield* Effect.provide(save(1), layerCheckpoints(first));
      yield* Effect.provide(save(2), Layer.provide(layerCheckpoints(first), layerDisk(counted)));
      assert.isAbove(counted.count(), 8);
      for (let n = 0; n <= counted.count(); n++) {
        const root = yield* temporaryFolder;
        yield* Effect.provide(save(1), layerCheckpoints(root));
        const crashing = Layer.provide(layerCheckpoints(root), layerDisk(diskCrashingAt(n)));
        yield* Effect.exit(Effect.provide(save(2), crashing));
        const found = yield* Effect.provide(load, layerCheckpoints(root));
        assertSame(found, checkpointAt(found?.done === 2 ? 2 : 1));
        // And the next one is saved as if nothing had been.
        yield* Effect.provide(save(3), layerCheckpoints(root));
        assertSame(yield* Effect.provide(load, layerCheckpoints(root)), checkpointAt(3));
      }
    }),
  );

  it.effect("a full disk fails a save by name, and keeps the older one", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      let isFull = false;
      const disk = diskFailing("write", "ENOSPC", () => isFull);
      yield* Effect.gen(function* () {
        const store = yield* CheckpointStore;
        yield* store.save(key, checkpointAt(1));
        isFull = true;
        const error = yield* Effect.flip(store.save(key, checkpointAt(2)));
        assert.strictEqual(error.code, "ENOSPC");
        assertSame(yield* store.load(key), checkpointAt(1));
        assert.deepStrictEqual(readdirSync(join(root, "tmp")), []);
      }).pipe(Effect.provide(Layer.provide(layerCheckpoints(root), layerDisk(disk))));
    }),
  );

  it.effect("that another run replaces while they are looked for are found all the same", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      let isRaced = false;
      const real = diskWith(() => undefined);
      const disk: DiskShape = {
        ...real,
        read: (path) => {
          if (path.endsWith(".safetensors") && !isRaced) {
            isRaced = true;
            Effect.runSync(Effect.provide(save(2), layerCheckpoints(root)));
          }
          return real.read(path);
        },
      };
      yield* Effect.provide(save(1), layerCheckpoints(root));
      const found = yield* Effect.provide(load, Layer.provide(layerCheckpoints(root), layerDisk(disk)));
      assertSame(found, checkpointAt(2));
    }),
  );

  it.effect("leave what is not theirs alone", () =>
    inFolder((root) =>
      Effect.gen(function* () {
        mkdirSync(folderOf(root), { recursive: true });
        writeFileSync(join(folderOf(root), "notes.txt"), "mine");
        const store = yield* CheckpointStore;
        yield* store.save(key, checkpointAt(1));
        assertSame(yield* store.load(key), checkpointAt(1));
        assert.include(filesOf(root), "notes.txt");
      }),
    ),
  );
});
