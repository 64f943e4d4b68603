import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { CheckpointStore } from "../../src/core/Checkpoints.ts";
import { canonicalJson } from "../../src/core/canonicalJson.ts";
import { sha256 } from "../../src/core/digest.ts";
import { layerCheckpoints } from "../../src/store/checkpoints.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { verifyCache } from "../../src/store/verify.ts";
import { made } from "../kit/agedCache.ts";
import { diskCrashingAt, diskFailing, layerDisk } from "../kit/faultyDisk.ts";
import { temporaryFolder } from "../kit/temporary.ts";

/** Changes one bit of a file and leaves its times as they were. */
function flip(path: string, at: number): void {
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

const filled = Effect.gen(function* () {
  const root = yield* temporaryFolder;
  const layout = layoutOf(root);
  const corpus = yield* made(root, { step: "corpus", text: "many words ".repeat(50) });
  const model = yield* made(root, { step: "model", from: [corpus] });
  yield* Effect.flatMap(CheckpointStore, (store) =>
    store.save("a".repeat(64), { done: 3, facts: {}, tensors: new Map([["w", Float32Array.of(1, 2)]]) }),
  ).pipe(Effect.provide(layerCheckpoints(root)));
  const checkpoints = layout.checkpoint("a".repeat(64));
  return {
    root,
    corpus,
    model,
    blob: layout.object(corpus.outputs["text"]!.digest),
    record: layout.action(model.fingerprint),
    checkpoint: join(checkpoints, readdirSync(checkpoints)[0]!),
  };
});

describe("verifying a cache", () => {
  it.effect("finds nothing in a sound one, and nothing in none", () =>
    Effect.gen(function* () {
      const { root } = yield* filled;
      const report = yield* verifyCache(root);
      assert.deepInclude(report, { objects: 2, bytes: 555, records: 2, checkpoints: 1, damaged: [], again: [] });
      assert.deepInclude(yield* verifyCache(join(root, "nowhere")), { objects: 0, damaged: [] });
      assert.isFalse(existsSync(join(root, "nowhere")));
    }),
  );

  it.effect("finds every one of 200 flipped bits of a blob, and says which step makes it again", () =>
    Effect.gen(function* () {
      const { root, blob, corpus } = yield* filled;
      for (let i = 0; i < 200; i++) {
        const at = (i * 7) % 550;
        flip(blob, at);
        const { damaged, again } = yield* verifyCache(root);
        assert.deepStrictEqual(
          damaged.map(({ kind, reason }) => `${kind}: ${reason}`),
          [
            "object: its content does not fit its name",
            `record: its output text, ${corpus.outputs["text"]!.digest.slice(0, 10)}, is damaged`,
          ],
        );
        assert.deepStrictEqual(again, [
          { fingerprint: corpus.fingerprint, pipeline: "test", step: "corpus", stage: "say" },
        ]);
        flip(blob, at);
      }
      assert.isEmpty((yield* verifyCache(root)).damaged);
    }),
  );

  it.effect("finds every flipped bit of a record, and a record that is whole but of another key", () =>
    Effect.gen(function* () {
      const { root, record, model, corpus } = yield* filled;
      const good = readFileSync(record);
      for (let i = 0; i < 200; i++) {
        const at = (i * 13) % good.length;
        flip(record, at);
        const { damaged } = yield* verifyCache(root);
        assert.deepStrictEqual(
          damaged.map(({ path, reason }) => [path, reason]),
          [[record, "it is torn, changed, or not of its name"]],
        );
        flip(record, at);
      }
      const forged = canonicalJson({ ...model, parts: corpus.parts } as never);
      writeFileSync(record, `${forged.slice(0, -1)},"sha256":"${sha256(forged)}"}\n`);
      const { damaged } = yield* verifyCache(root);
      assert.deepStrictEqual(
        damaged.map(({ reason }) => reason),
        ["its key does not give its name"],
      );
    }),
  );

  it.effect("finds lost, cut and strange files, damaged checkpoints, and moves them aside when asked to", () =>
    Effect.gen(function* () {
      const { root, blob, checkpoint } = yield* filled;
      writeFileSync(blob, readFileSync(blob).subarray(0, 100));
      writeFileSync(join(root, "objects", "sha256", "notes.txt"), "mine");
      flip(checkpoint, 70);
      const first = yield* verifyCache(root, { isRepair: true });
      assert.deepStrictEqual(
        first.damaged.map(({ kind, reason }) => `${kind}: ${reason.replace(/, [0-9a-f]{10},/, "")}`),
        [
          "object: its content does not fit its name",
          "object: its name is no digest",
          "record: its output text is damaged",
          "checkpoint: its content does not fit its name",
        ],
      );
      assert.strictEqual(first.movedAside, 4);
      assert.lengthOf(readdirSync(join(root, "quarantine")), 4);
      const second = yield* verifyCache(root);
      assert.deepInclude(second, { objects: 1, records: 1, checkpoints: 0, damaged: [] });
      rmSync(join(root, "objects"), { recursive: true });
      assert.deepStrictEqual(
        (yield* verifyCache(root)).damaged.map(({ reason }) => reason.replace(/, [0-9a-f]{10},/, "")),
        ["its output text is lost"],
      );
    }),
  );

  it.effect("stopped at any operation of a repair leaves what the next one finishes", () =>
    Effect.gen(function* () {
      for (let n = 0; n < 12; n++) {
        const { root, blob, checkpoint } = yield* filled;
        flip(blob, 3);
        flip(checkpoint, 70);
        const stopped = verifyCache(root, { isRepair: true }).pipe(Effect.provide(layerDisk(diskCrashingAt(n))));
        yield* Effect.exit(stopped);
        yield* verifyCache(root, { isRepair: true });
        assert.isEmpty((yield* verifyCache(root)).damaged);
      }
    }),
  );

  it.effect("tells the damage where nothing can be moved, and that nothing was", () =>
    Effect.gen(function* () {
      const { root, blob } = yield* filled;
      flip(blob, 3);
      const report = yield* verifyCache(root, { isRepair: true }).pipe(
        Effect.provide(layerDisk(diskFailing("rename", "EROFS", () => true))),
      );
      assert.lengthOf(report.damaged, 2);
      assert.strictEqual(report.movedAside, 0);
    }),
  );
});
