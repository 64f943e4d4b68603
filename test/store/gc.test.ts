import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { ActionRecord } from "../../src/core/ActionRecord.ts";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { Leases } from "../../src/core/Leases.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { collectGarbage, type GcReport, type GcRequest } from "../../src/store/gc/collectGarbage.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { layerLeases } from "../../src/store/leases.ts";
import { pinRuns, unpinRuns } from "../../src/store/pins.ts";
import { age, agedFile, dayMs, filesOf, hourMs, loggedRun, made } from "../kit/agedCache.ts";
import { diskCrashingAt, diskFailing, diskWith, layerDisk } from "../kit/faultyDisk.ts";
import { HandClock, onMachine } from "../kit/machines.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const usual: GcRequest = { keepMs: 30 * dayMs, graceMs: hourMs };

const gone = (report: GcReport, root: string) =>
  report.removed
    .map(({ kind, path, reason, step }) =>
      ["record", "object"].includes(kind)
        ? `${kind}${step === undefined ? "" : ` ${step}`}: ${reason}`
        : `${path.slice(root.length + 1)}: ${reason}`,
    )
    .sort();

const steps = (root: string) =>
  Effect.gen(function* () {
    const records = yield* (yield* ArtifactStore).records;
    return records.map(({ provenance }) => provenance.step).sort();
  }).pipe(Effect.provide(layerDirectory(root)));

/** Every record that is left is whole. Marks nothing as used. */
const assertSound = (root: string) =>
  Effect.gen(function* () {
    const store = yield* ArtifactStore;
    for (const { fingerprint } of yield* store.records) {
      const found = yield* store.lookup(fingerprint);
      assert.isDefined(found);
      for (const { digest } of Object.values(found!.outputs)) yield* store.read(digest);
    }
  }).pipe(Effect.provide(layerDirectory(root, Infinity)));

/** corpus → model → score, of an age. */
const chain = Effect.fnUntraced(function* (root: string, name: string, ageDays: number) {
  const corpus = yield* made(root, { step: `${name}.corpus`, ageDays });
  const model = yield* made(root, { step: `${name}.model`, from: [corpus], ageDays });
  const score = yield* made(root, { step: `${name}.score`, from: [corpus, model], ageDays });
  return [corpus, model, score] as const;
});

/** How names in quarantine end. */
const setAside = (days: number) => (Date.now() - days * dayMs).toString(36);

describe("garbage collection", () => {
  it.effect("keeps what was used lately, removes the rest with its blobs, and says why", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* chain(root, "new", 3);
      yield* chain(root, "old", 40);
      const report = yield* collectGarbage(root, usual);
      assert.deepStrictEqual(gone(report, root), [
        "object: of a record that goes",
        "object: of a record that goes",
        "object: of a record that goes",
        "record old.corpus: last used 40 days ago",
        "record old.model: last used 40 days ago",
        "record old.score: last used 40 days ago",
      ]);
      assert.deepStrictEqual(yield* steps(root), ["new.corpus", "new.model", "new.score"]);
      assert.lengthOf(filesOf(root), 6);
      assert.deepInclude(report, { keptRecords: 3, keptObjects: 3, isOverCap: false });
      yield* assertSound(root);
      assert.deepStrictEqual((yield* collectGarbage(root, usual)).removed, []);
    }),
  );

  it.effect("as a dry run tells the same and leaves everything as it is", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* chain(root, "old", 40);
      agedFile(join(root, "tmp", "1-x-y-0"), 2);
      const before = filesOf(root);
      const told = yield* collectGarbage(root, { ...usual, isDryRun: true });
      assert.deepStrictEqual(filesOf(root), before);
      assert.deepStrictEqual(gone(yield* collectGarbage(root, usual), root), gone(told, root));
      const nowhere = join(root, "nowhere");
      yield* collectGarbage(nowhere, { ...usual, isDryRun: true });
      assert.isFalse(existsSync(nowhere));
    }),
  );

  it.effect("keeps what kept records were made from, and blobs that they share with others", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const [, model] = yield* chain(root, "old", 40);
      yield* made(root, { step: "mine", from: [model], ageDays: 1 });
      yield* made(root, { step: "twin", text: "old.score", ageDays: 1 });
      const report = yield* collectGarbage(root, usual);
      assert.deepStrictEqual(gone(report, root), ["record old.score: last used 40 days ago"]);
      yield* assertSound(root);
    }),
  );

  it.live("keeps what a run in progress has used, and what a run that died used no longer", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const lives = yield* chain(root, "lives", 40);
      const died = yield* chain(root, "died", 40);
      loggedRun(root, { run: "1", status: "running", startedDaysAgo: 40, uses: lives });
      const dead = { ...onMachine("here"), place: "" };
      loggedRun(root, { run: "2", status: "running", startedDaysAgo: 40, uses: died, owner: dead });
      const standstill = { afterMs: 0 };
      const report = yield* collectGarbage(root, { ...usual, standstill });
      assert.strictEqual(report.liveRuns, 1);
      assert.deepStrictEqual(yield* steps(root), ["lives.corpus", "lives.model", "lives.score"]);
    }),
  );

  it.effect("keeps pinned runs, and pinned steps for as long as their file pins them", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const one = yield* chain(root, "one", 40);
      const two = yield* chain(root, "two", 40);
      const three = yield* chain(root, "three", 40);
      loggedRun(root, { run: "1", file: "/one.yaml", startedDaysAgo: 40, uses: one });
      loggedRun(root, { run: "2", file: "/two.yaml", startedDaysAgo: 41, uses: two });
      const again = yield* made(root, { step: "two.model", text: "other", ageDays: 40 });
      loggedRun(root, { run: "3", file: "/two.yaml", startedDaysAgo: 40, uses: [again], pinned: ["two.model"] });
      loggedRun(root, { run: "4", file: "/three.yaml", startedDaysAgo: 41, uses: three, pinned: ["three.model"] });
      loggedRun(root, { run: "5", file: "/three.yaml", startedDaysAgo: 40, uses: three });
      yield* pinRuns(root, ["1"]);
      yield* collectGarbage(root, usual);
      // Of two, the pinned model is what either run made, with the corpus of the first.
      const kept = ["one.corpus", "one.model", "one.score", "two.corpus", "two.model", "two.model"];
      assert.deepStrictEqual(yield* steps(root), kept);
      yield* unpinRuns(root, ["1"]);
      yield* collectGarbage(root, usual);
      assert.deepStrictEqual(yield* steps(root), ["two.corpus", "two.model", "two.model"]);
    }),
  );

  it.effect("with a size cap lets go of what was used longest ago, never of what is needed by the rest", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      for (const [name, days] of [
        ["a", 5],
        ["b", 3],
        ["c", 1],
      ] as const)
        yield* chain(root, name, days);
      const all = yield* collectGarbage(root, { ...usual, maxBytes: 1e9 });
      assert.deepStrictEqual(all.removed, []);
      const report = yield* collectGarbage(root, { ...usual, maxBytes: all.keptBytes - 1 });
      assert.deepStrictEqual(gone(report, root), [
        "object: of a record that goes",
        "record a.score: over the size cap, last used 5 days ago",
      ]);
      yield* collectGarbage(root, { ...usual, maxBytes: all.keptBytes / 2 });
      assert.deepStrictEqual(yield* steps(root), ["b.corpus", "c.corpus", "c.model", "c.score"]);
      // What is in use goes for no cap.
      loggedRun(root, { run: "1", status: "running", uses: [(yield* chain(root, "c", 1))[1]] });
      const last = yield* collectGarbage(root, { ...usual, maxBytes: 0 });
      assert.deepStrictEqual(yield* steps(root), ["c.corpus", "c.model"]);
      assert.isTrue(last.isOverCap);
      yield* assertSound(root);
    }),
  );

  it.effect("does not look at what is young, nor at what is newer than a lease, whatever the clock says", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const layout = layoutOf(root);
      const old = agedFile(layout.object("a".repeat(64)), 3);
      const young = agedFile(layout.object("b".repeat(64)), 0.5 / 24);
      const ahead = agedFile(layout.object("d".repeat(64)), -5);
      yield* Effect.gen(function* () {
        const claim = yield* (yield* Leases).take("f".repeat(64), { run: "r", step: "s" });
        // The clock leapt four days ahead after the lease was taken, and the step has written since.
        age(layout.lease("f".repeat(64)), 4);
        assert.deepStrictEqual((yield* collectGarbage(root, { ...usual, keepMs: 0 })).removed, []);
        assert(claim.kind === "taken");
        yield* claim.release;
      }).pipe(Effect.provide(layerLeases(root)));
      const report = yield* collectGarbage(root, { ...usual, keepMs: 0 });
      assert.deepStrictEqual(gone(report, root), ["object: of no record"]);
      assert.deepStrictEqual([old, young, ahead].map(existsSync), [false, true, true]);
    }),
  );

  it.effect("removes checkpoints of steps that are done or given up, not of one in progress", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const layout = layoutOf(root);
      const done = yield* made(root, { step: "done" });
      const checkpoint = (fingerprint: string, days: number) =>
        agedFile(join(layout.checkpoint(fingerprint), "000000000001.safetensors"), days);
      checkpoint(done.fingerprint, 1);
      checkpoint("a".repeat(64), 1);
      checkpoint("b".repeat(64), 40);
      checkpoint("c".repeat(64), 40);
      const report = yield* Effect.gen(function* () {
        yield* (yield* Leases).take("c".repeat(64), { run: "r", step: "s" });
        age(layout.lease("c".repeat(64)), 0);
        return yield* collectGarbage(root, usual);
      }).pipe(Effect.provide(layerLeases(root)));
      assert.deepStrictEqual(
        gone(report, root),
        [
          `checkpoints/${done.fingerprint}: its step is done`,
          `checkpoints/${"b".repeat(64)}: nobody went on from it for 40 days`,
        ].sort(),
      );
      assert.deepStrictEqual(readdirSync(layout.checkpoints), ["a".repeat(64), "c".repeat(64)]);
    }),
  );

  it.effect("keeps models of the hub that records were made from", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const file = (name: string, days: number) => agedFile(join(root, "hub", name), days);
      yield* made(root, { step: "load", ageDays: 1, reads: [file("o/used/abc/config.json", 40)] });
      yield* made(root, { step: "older", ageDays: 40, reads: [file("o/unused/abc/config.json", 40)] });
      file("o/new/abc/config.json", 2);
      file("o/broken/abc.partial/config.json", 40);
      const report = yield* collectGarbage(root, usual);
      assert.deepStrictEqual(
        gone(report, root).filter((line) => line.startsWith("hub")),
        [
          "hub/o/broken/abc.partial: no record was made from it, and it is here for 40 days",
          "hub/o/unused/abc: no record was made from it, and it is here for 40 days",
        ],
      );
      assert.deepStrictEqual(
        filesOf(root).filter((name) => name.startsWith("hub")),
        ["hub/o/new/abc/config.json", "hub/o/used/abc/config.json"],
      );
    }),
  );

  it.effect("removes damaged files after a while, damaged records, half-written files and dead leases", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const layout = layoutOf(root);
      agedFile(join(layout.quarantine, `objects-x-${setAside(40)}`), 0);
      agedFile(join(layout.quarantine, `objects-y-${setAside(1)}`), 80);
      agedFile(layout.action("e".repeat(64)), 1, "{}");
      agedFile(join(layout.aside, "7-elsewhere-x-0"), 2);
      agedFile(layout.lease("a".repeat(64)), 2, "torn");
      agedFile(layout.lease("b".repeat(64), "c".repeat(32)), 2, "torn");
      agedFile(layout.heartbeat("c".repeat(32)), 2);
      const report = yield* collectGarbage(root, usual);
      assert.deepStrictEqual(
        gone(report, root).map((line) => line.replace(/-x-\w+:/, ":")),
        [
          "quarantine/objects: damaged, set aside 40 days ago",
          "record: damaged",
          "tmp/7-elsewhere: half-written by a process that is gone",
        ],
      );
      assert.lengthOf(filesOf(root), 1);
    }),
  );

  it.live("waits until it knows of other machines' runs whether they live", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const [far, dead] = [onMachine("far"), onMachine("dead")];
      loggedRun(root, { run: "1", status: "running", uses: yield* chain(root, "far", 40), owner: far });
      loggedRun(root, { run: "2", status: "running", uses: yield* chain(root, "dead", 40), owner: dead });
      agedFile(layoutOf(root).heartbeat(dead.id), 0, "7");
      const clock = new HandClock();
      const nowMs = () => (clock.ms += 1000);
      let beats = 0;
      const heart = setInterval(() => agedFile(layoutOf(root).heartbeat(far.id), 0, String(beats++)), 20);
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(heart)));
      const report = yield* collectGarbage(root, { ...usual, standstill: { nowMs, afterMs: 3000 } });
      assert.strictEqual(report.liveRuns, 1);
      assert.deepStrictEqual(yield* steps(root), ["far.corpus", "far.model", "far.score"]);
    }),
  );
});

/** Does something at the n-th changing operation of a collection. */
const meddled = (root: string, at: number, meddle: Effect.Effect<unknown, unknown>) => {
  const disk = diskWith((_, count) => {
    if (count === at) Effect.runSync(Effect.exit(meddle));
  });
  return Effect.map(collectGarbage(root, { keepMs: 0, graceMs: 0 }).pipe(Effect.provide(layerDisk(disk))), () => disk);
};
const withStore = <A, E>(root: string, use: Effect.Effect<A, E, ArtifactStore>) =>
  Effect.provide(use, layerDirectory(root, 0));

describe("garbage collection beside a run", () => {
  it.effect("never takes what a run looks up meanwhile: it is a hit with all its blobs, or none", () =>
    Effect.gen(function* () {
      let hits = 0;
      let operations = 1;
      for (let at = 0; at < operations; at++) {
        const root = yield* temporaryFolder;
        const records = yield* chain(root, "old", 40);
        const found: Array<ActionRecord> = [];
        const lookUp = Effect.gen(function* () {
          const store = yield* ArtifactStore;
          for (const { fingerprint } of records) {
            const record = yield* store.lookup(fingerprint);
            if (record !== undefined) found.push(record);
          }
        });
        const disk = yield* meddled(root, at, withStore(root, lookUp));
        operations = Math.max(operations, disk.count());
        hits += found.length;
        yield* withStore(
          root,
          Effect.gen(function* () {
            const store = yield* ArtifactStore;
            for (const record of found) {
              assert.deepStrictEqual(yield* store.lookup(record.fingerprint), record, `operation ${at}`);
              for (const { digest } of Object.values(record.outputs)) yield* store.read(digest);
            }
          }),
        );
      }
      assert.isAbove(operations, 12);
      assert.isAbove(hits, 5);
    }),
  );

  it.effect("never takes the blobs of a record that is published meanwhile, also where they were there before", () =>
    Effect.gen(function* () {
      let operations = 1;
      for (let at = 0; at < operations; at++) {
        const root = yield* temporaryFolder;
        yield* chain(root, "old", 40);
        let published: ActionRecord | undefined;
        const publish = Effect.gen(function* () {
          published = yield* made(root, { step: "new", text: "old.model" });
        });
        const disk = yield* meddled(root, at, publish);
        operations = Math.max(operations, disk.count());
        if (published === undefined) continue;
        const { fingerprint, outputs } = published;
        yield* withStore(
          root,
          Effect.gen(function* () {
            const store = yield* ArtifactStore;
            assert.deepStrictEqual(yield* store.lookup(fingerprint), published, `operation ${at}`);
            yield* store.read(outputs["text"]!.digest);
          }),
        );
      }
      assert.isAbove(operations, 12);
    }),
  );

  it.effect("stopped at any operation leaves no record without its blobs, and the next one finishes", () =>
    Effect.gen(function* () {
      const counting = diskCrashingAt(Number.POSITIVE_INFINITY);
      const prepared = Effect.fnUntraced(function* () {
        const root = yield* temporaryFolder;
        yield* chain(root, "old", 40);
        yield* chain(root, "new", 1);
        agedFile(join(layoutOf(root).checkpoint("b".repeat(64)), "000000000001.safetensors"), 40);
        agedFile(join(root, "hub/o/n/abc/config.json"), 40);
        return root;
      });
      yield* collectGarbage(yield* prepared(), usual).pipe(Effect.provide(layerDisk(counting)));
      assert.isAbove(counting.count(), 20);
      for (let n = 0; n < counting.count(); n++) {
        const root = yield* prepared();
        yield* Effect.exit(collectGarbage(root, usual).pipe(Effect.provide(layerDisk(diskCrashingAt(n)))));
        yield* assertSound(root);
        yield* collectGarbage(root, usual);
        assert.deepStrictEqual(yield* steps(root), ["new.corpus", "new.model", "new.score"]);
        const left = filesOf(root).filter((name) => !name.startsWith("tmp/"));
        assert.lengthOf(left, 6, `stopped at ${n}: ${left.join(" ")}`);
      }
    }),
  );

  for (const [operation, code] of [
    ["rename", "EACCES"],
    ["remove", "EIO"],
    ["syncFolder", "EIO"],
    ["removeTree", "EIO"],
  ] as const) {
    it.effect(`fails by name on ${code} at ${operation}, leaves what is kept sound, and works when it is over`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        yield* chain(root, "old", 40);
        yield* chain(root, "new", 1);
        agedFile(join(root, "hub/o/n/abc/config.json"), 40);
        const failing = collectGarbage(root, usual).pipe(
          Effect.provide(layerDisk(diskFailing(operation, code, () => true))),
        );
        assert.strictEqual((yield* Effect.flip(failing)).code, code);
        yield* assertSound(root);
        yield* collectGarbage(root, usual);
        assert.deepStrictEqual(yield* steps(root), ["new.corpus", "new.model", "new.score"]);
      }),
    );
  }

  it.effect("of a newer layout is refused", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      mkdirSync(root, { recursive: true });
      writeFileSync(join(root, "layout.json"), `{"layout":2}`);
      assert.strictEqual((yield* Effect.flip(collectGarbage(root, usual))).code, "version");
    }),
  );
});
