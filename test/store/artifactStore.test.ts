import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { contentDigest } from "../../src/core/digest.ts";
import type { StoreError } from "../../src/core/errors.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { placeMark } from "../../src/store/processIdentity.ts";
import { emptyMemory, layerMemory } from "../../src/store/memory.ts";
import { diskCrashingAt, diskFailing, diskWith, layerDisk } from "../kit/faultyDisk.ts";
import { bytesOf, recordOf } from "../kit/records.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const storedAs = (content: Uint8Array) => ({
  digest: contentDigest(content),
  sizeBytes: content.length,
  type: "Text",
});

interface Rig {
  readonly layer: Layer.Layer<ArtifactStore, StoreError>;
  /** Changes a blob behind the store's back: other content, or none. */
  readonly damage: (digest: string, bytes: Uint8Array | undefined) => void;
}

const memoryRig = Effect.sync((): Rig => {
  const state = emptyMemory();
  return {
    layer: layerMemory(state),
    damage: (digest, bytes) => void (bytes === undefined ? state.blobs.delete(digest) : state.blobs.set(digest, bytes)),
  };
});

const blobAt = (root: string, digest: string) => join(root, "objects/sha256", digest.slice(0, 2), digest.slice(2));

const directoryRig = Effect.map(temporaryFolder, (root): Rig => ({
  layer: layerDirectory(root),
  damage: (digest, bytes) => {
    const path = blobAt(root, digest);
    if (bytes === undefined) return rmSync(path);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
  },
}));

const publishTexts = Effect.fnUntraced(function* (key: string, outputs: { readonly [port: string]: string }) {
  const store = yield* ArtifactStore;
  for (const text of Object.values(outputs)) yield* store.write(bytesOf(text));
  return yield* store.publish(recordOf(key, outputs));
});

for (const [name, makeRig] of [
  ["memory", memoryRig],
  ["directory", directoryRig],
] as const) {
  const withRig = <A, E>(test: (rig: Rig) => Effect.Effect<A, E, ArtifactStore>) =>
    Effect.flatMap(makeRig, (rig) => Effect.provide(test(rig), rig.layer));

  describe(`ArtifactStore in ${name}`, () => {
    it.effect("gives back the bytes that were written, by their sha256", () =>
      withRig(() =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          const digest = yield* store.write(bytesOf("hello"));
          assert.strictEqual(digest, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
          assert.deepStrictEqual([...(yield* store.read(digest))], [...bytesOf("hello")]);
          assert.strictEqual(yield* store.write(bytesOf("hello")), digest);
        }),
      ),
    );

    it.effect("keeps an empty blob", () =>
      withRig(() =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          assert.strictEqual((yield* store.read(yield* store.write(new Uint8Array(0)))).length, 0);
        }),
      ),
    );

    it.effect("knows a record once it is published, whole", () =>
      withRig(() =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          const record = recordOf("k", { text: "t", length: "1" });
          assert.isUndefined(yield* store.lookup(record.fingerprint));
          assert.deepStrictEqual(yield* publishTexts("k", { text: "t", length: "1" }), record);
          assert.deepStrictEqual(yield* store.lookup(record.fingerprint), record);
          assert.deepStrictEqual(yield* store.records, [record]);
        }),
      ),
    );

    it.effect("refuses a record whose blob was never written", () =>
      withRig(() =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          const record = recordOf("k", { text: "unwritten" });
          const error = yield* Effect.flip(store.publish(record));
          assert.deepStrictEqual([error.code, error.digest], ["missing", record.outputs["text"]!.digest]);
          assert.isUndefined(yield* store.lookup(record.fingerprint));
        }),
      ),
    );

    it.effect("lets the first record of a fingerprint win", () =>
      withRig(() =>
        Effect.gen(function* () {
          const first = yield* publishTexts("k", { text: "one" });
          const second = yield* publishTexts("k", { text: "two" });
          assert.deepStrictEqual(second, first);
          assert.deepStrictEqual(yield* (yield* ArtifactStore).records, [first]);
        }),
      ),
    );

    it.effect("lets a later record take the place of one whose blob is lost", () =>
      withRig(({ damage }) =>
        Effect.gen(function* () {
          const first = yield* publishTexts("k", { text: "one" });
          damage(first.outputs["text"]!.digest, undefined);
          const second = yield* publishTexts("k", { text: "two" });
          assert.strictEqual(second.outputs["text"]!.digest, contentDigest(bytesOf("two")));
          assert.deepStrictEqual(yield* (yield* ArtifactStore).lookup(first.fingerprint), second);
        }),
      ),
    );

    it.effect("has no record where a blob of it is missing or of another size", () =>
      withRig(({ damage }) =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          const { fingerprint, outputs } = yield* publishTexts("k", { text: "whole", other: "kept" });
          damage(outputs["text"]!.digest, bytesOf("who"));
          assert.isUndefined(yield* store.lookup(fingerprint));
          damage(outputs["text"]!.digest, undefined);
          assert.isUndefined(yield* store.lookup(fingerprint));
          yield* store.write(bytesOf("whole"));
          assert.isDefined(yield* store.lookup(fingerprint));
        }),
      ),
    );

    it.effect("never hands on a flipped, cut or lost blob, and takes it back when written again", () =>
      withRig(({ damage }) =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          const content = bytesOf("the content of a blob, long enough to flip at some places");
          const digest = yield* store.write(content);
          const flips = [0, 7, content.length - 1].map((at) => content.with(at, content[at]! ^ 1));
          const codes: Array<string> = [];
          for (const bad of [...flips, content.slice(0, 5), new Uint8Array(0), undefined]) {
            damage(digest, bad);
            const error = yield* Effect.flip(store.read(digest));
            assert.strictEqual(error.digest, digest);
            codes.push(error.code);
            assert.strictEqual((yield* Effect.flip(store.read(digest))).code, "missing");
            assert.strictEqual(yield* store.write(content), digest);
            assert.deepStrictEqual(yield* store.read(digest).pipe(Effect.map((bytes) => [...bytes])), [...content]);
          }
          assert.deepStrictEqual(codes, ["corrupt", "corrupt", "corrupt", "corrupt", "corrupt", "missing"]);
        }),
      ),
    );

    it.effect("never hands on a blob with one bit changed, at any of 200 places, its time kept", () =>
      withRig(({ damage }) =>
        Effect.gen(function* () {
          const store = yield* ArtifactStore;
          const content = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 31) % 251);
          const record = { ...recordOf("k", {}), outputs: { text: storedAs(content) } };
          const digest = yield* store.write(content);
          yield* store.publish(record);
          for (let i = 0; i < 200; i++) {
            const at = (i * 997) % content.length;
            damage(digest, content.with(at, content[at]! ^ (1 << (i % 8))));
            assert.strictEqual((yield* Effect.flip(store.read(digest))).code, "corrupt");
            assert.isUndefined(yield* store.lookup(record.fingerprint));
            yield* store.write(content);
            assert.isDefined(yield* store.lookup(record.fingerprint));
          }
        }),
      ),
    );
  });
}

const everyFile = (root: string): ReadonlyArray<string> =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

describe("the cache folder", () => {
  it.effect("is laid out by digest and fingerprint, and leaves nothing aside", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const record = yield* publishTexts("k", { text: "hello" }).pipe(Effect.provide(layerDirectory(root)));
      assert.deepStrictEqual(everyFile(root), [
        `actions/${record.fingerprint.slice(0, 2)}/${record.fingerprint}.json`,
        "layout.json",
        "objects/sha256/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
      ]);
      const file = join(root, "actions", record.fingerprint.slice(0, 2), `${record.fingerprint}.json`);
      const { sha256, ...kept } = JSON.parse(readFileSync(file, "utf8")) as { sha256: string };
      assert.match(sha256, /^[0-9a-f]{64}$/);
      assert.deepStrictEqual(kept, record);
    }),
  );

  it.effect("is not made by looking into it", () =>
    Effect.gen(function* () {
      const root = join(yield* temporaryFolder, "cache");
      yield* Effect.gen(function* () {
        const store = yield* ArtifactStore;
        assert.isUndefined(yield* store.lookup(recordOf("k", {}).fingerprint));
        assert.deepStrictEqual(yield* store.records, []);
      }).pipe(Effect.provide(layerDirectory(root)));
      assert.isFalse(existsSync(root));
    }),
  );

  it.effect("of a newer layout is refused with what to do", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      writeFileSync(join(root, "layout.json"), `{"layout":2}`);
      const error = yield* Effect.flip(Effect.provide(publishTexts("k", { text: "t" }), layerDirectory(root)));
      assert.strictEqual(error.code, "version");
      assert.strictEqual(
        error.message,
        `The cache ${root} has layout 2, made by a newer version; this one knows layout 1.`,
      );
      assert.strictEqual(error.hint, "Update this program, or name another folder with --cache.");
    }),
  );

  it.effect("takes a torn, flipped or swapped record for none", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const layer = layerDirectory(root);
      const one = yield* Effect.provide(publishTexts("one", { text: "1" }), layer);
      const two = yield* Effect.provide(publishTexts("two", { text: "2" }), layer);
      const pathOf = (fingerprint: string) => join(root, "actions", fingerprint.slice(0, 2), `${fingerprint}.json`);
      const good = readFileSync(pathOf(one.fingerprint));
      const flipped = good.with(good.length >> 1, good[good.length >> 1]! ^ 4);
      for (const bad of [good.subarray(0, 90), flipped, Buffer.alloc(0), readFileSync(pathOf(two.fingerprint))]) {
        writeFileSync(pathOf(one.fingerprint), bad);
        const found = yield* Effect.provide(
          Effect.flatMap(ArtifactStore, (store) => store.lookup(one.fingerprint)),
          layer,
        );
        assert.isUndefined(found);
        assert.deepStrictEqual(yield* Effect.provide(publishTexts("one", { text: "1" }), layer), one);
      }
    }),
  );

  const publishTwo = Effect.gen(function* () {
    yield* publishTexts("one", { text: "1", more: "one more" });
    yield* publishTexts("two", { text: "2" });
  });

  it.effect(
    "shows a record only with all its blobs, wherever a crash stops the writer, and the next one finishes",
    () =>
      Effect.gen(function* () {
        const records = [recordOf("one", { text: "1", more: "one more" }), recordOf("two", { text: "2" })];
        const counting = diskCrashingAt(Number.POSITIVE_INFINITY);
        const whole = yield* temporaryFolder;
        yield* publishTwo.pipe(Effect.provide(layerDirectory(whole)), Effect.provide(layerDisk(counting)));
        assert.isAbove(counting.count(), 30);
        for (let n = 0; n < counting.count(); n++) {
          const root = yield* temporaryFolder;
          const crashed = publishTwo.pipe(
            Effect.provide(layerDirectory(root)),
            Effect.provide(layerDisk(diskCrashingAt(n))),
          );
          yield* Effect.exit(crashed);
          yield* Effect.gen(function* () {
            const store = yield* ArtifactStore;
            for (const { fingerprint } of records) {
              const found = yield* store.lookup(fingerprint);
              for (const { digest } of Object.values(found?.outputs ?? {})) yield* store.read(digest);
            }
            yield* publishTwo;
            for (const record of records) assert.deepStrictEqual(yield* store.lookup(record.fingerprint), record);
          }).pipe(Effect.provide(layerDirectory(root)));
        }
      }),
  );

  it.effect("removes what dead writers of this machine left aside, and nothing of live ones", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      mkdirSync(join(root, "tmp"));
      const [dead, live, elsewhere] = [
        `999999999-${placeMark()}-x-0`,
        `${process.pid}-${placeMark()}-x-0`,
        "999999999-else-x-0",
      ];
      for (const name of [dead, live, elsewhere]) writeFileSync(join(root, "tmp", name), "half");
      yield* Effect.provide(publishTexts("k", { text: "t" }), layerDirectory(root));
      assert.sameMembers(readdirSync(join(root, "tmp")), [live, elsewhere]);
    }),
  );

  for (const [operation, code, sentence] of [
    ["write", "ENOSPC", /^The disk is full: .* could not be written; nothing half-written was kept\.$/],
    ["sync", "EIO", /^The disk failed while trying to write to .* \(EIO\)\.$/],
    ["open", "EACCES", /^No permission to write to /],
    ["open", "EROFS", /^The disk is read-only: cannot write to /],
    ["open", "EMFILE", /^Too many open files to write to /],
    ["rename", "ENOSPC", /^The disk is full/],
    ["syncFolder", "EIO", /^The disk failed/],
  ] as const) {
    it.effect(`says what is wrong on ${code} at ${operation}, publishes nothing half, and works when it is over`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        let isOn = false;
        const disk = layerDisk(diskFailing(operation, code, () => isOn));
        const publish = publishTexts("k", { text: "t" }).pipe(
          Effect.provide(layerDirectory(root)),
          Effect.provide(disk),
        );
        yield* publishTexts("before", { text: "b" }).pipe(Effect.provide(layerDirectory(root)));
        isOn = true;
        const error = yield* Effect.flip(publish);
        assert.strictEqual(error.code, code);
        assert.match(error.message, sentence);
        assert.strictEqual(everyFile(join(root, "actions")).length, 1);
        assert.deepStrictEqual(everyFile(join(root, "tmp")), []);
        isOn = false;
        yield* publish;
        assert.strictEqual(everyFile(join(root, "actions")).length, 2);
      }),
    );
  }

  it.effect("syncs each blob before it has its name, and all before the record has its", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      // The second record of each shard: folders are there, so that what is left is the order of the writes.
      const { fingerprint } = yield* publishTexts("k", { text: "t" }).pipe(Effect.provide(layerDirectory(root)));
      rmSync(join(root, "actions", fingerprint.slice(0, 2), `${fingerprint}.json`));
      rmSync(join(root, "objects"), { recursive: true });
      mkdirSync(dirname(blobAt(root, contentDigest(bytesOf("t")))), { recursive: true });
      const done: Array<string> = [];
      const disk = diskWith((operation, _, path) => {
        const place = typeof path === "string" ? path.slice(root.length + 1).split("/")[0]! : "";
        done.push(`${operation} ${place}`.trim());
      });
      yield* publishTexts("k", { text: "t" }).pipe(
        Effect.provide(layerDirectory(root)),
        Effect.provide(layerDisk(disk)),
      );
      const blob = ["open tmp", "write", "sync", "rename tmp", "syncFolder objects"];
      assert.deepStrictEqual(done, [
        ...blob,
        "open tmp",
        "write",
        "sync",
        "link tmp",
        "remove tmp",
        "syncFolder actions",
      ]);
    }),
  );
});
