import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type * as Layer from "effect/Layer";
import { type Claim, Leases } from "../../src/core/Leases.ts";
import type { StoreError } from "../../src/core/errors.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { LeaseFolder } from "../../src/store/LeaseFolder.ts";
import { layerLeases, layerMemoryLeases, type LeaseOptions, usualStandstill } from "../../src/store/leases.ts";
import { livesHere, type ProcessIdentity, thisProcess } from "../../src/store/processIdentity.ts";
import { Standstill } from "../../src/store/Standstill.ts";
import { diskCrashingAt, diskFailing, diskWith, layerDisk } from "../kit/faultyDisk.ts";
import { HandClock, onMachine } from "../kit/machines.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const [key, otherKey] = ["a".repeat(64), "b".repeat(64)];
const purpose = { run: "20260101-000000-0000", step: "a" };
const rival = { run: "20260101-000000-0001", step: "b" };

const take = (fingerprint = key, by = purpose) => Effect.flatMap(Leases, (leases) => leases.take(fingerprint, by));
const holder = (fingerprint = key) => Effect.flatMap(Leases, (leases) => leases.holder(fingerprint));
const kindOf = (claim: Claim) => (claim.kind === "held" ? `held by ${claim.holder.host}` : "taken");

const taken = (claim: Claim) => {
  assert(claim.kind === "taken", "it is held");
  return claim.release;
};

/** Names in the folder, but for the heartbeats. */
const filesIn = (root: string) => {
  const folder = join(root, "leases");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== "beats") : [];
};

for (const [name, makeLayer] of [
  ["memory", Effect.sync(() => layerMemoryLeases())],
  ["directory", Effect.map(temporaryFolder, (root) => layerLeases(root))],
] as const) {
  const withLeases = (test: Effect.Effect<void, StoreError>) =>
    Effect.flatMap(makeLayer, (layer: Layer.Layer<never>) => Effect.provide(test, layer));

  describe(`leases in ${name}`, () => {
    it.effect("are held by one, each for its fingerprint, until they are let go of", () =>
      withLeases(
        Effect.gen(function* () {
          assert.isUndefined(yield* holder());
          const release = taken(yield* take());
          const second = yield* take(key, rival);
          assert(second.kind === "held");
          assert.deepInclude(second.holder, { ...purpose, process: process.pid });
          assert.deepStrictEqual(yield* holder(), second.holder);
          yield* taken(yield* take(otherKey, rival));
          yield* release;
          assert.isUndefined(yield* holder());
          yield* taken(yield* take(key, rival));
          assert.isUndefined(yield* holder());
        }),
      ),
    );
  });
}

/** A process that lives until it is told to end, and its identity as others write it down. */
const livingProcess = Effect.acquireRelease(
  Effect.promise(async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume(); console.log('up')"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    await new Promise((resolve) => child.stdout!.once("data", resolve));
    const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
    const self: ProcessIdentity = { ...thisProcess(), id: "c".repeat(32), process: child.pid!, started };
    return { child, self };
  }),
  ({ child }) => Effect.promise(() => killed(child)),
);

const killed = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });

const hasProc = existsSync("/proc/self/stat");

describe("a lease of a process on this machine", () => {
  it.live.skipIf(!hasProc)("is its own for as long as it lives, however long that is, and free when it is gone", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const { child, self } = yield* livingProcess;
      const clock = new HandClock();
      yield* Effect.provide(take(), layerLeases(root, { self }));
      yield* Effect.gen(function* () {
        for (let day = 0; day < 3; day++) {
          clock.ms += 86_400_000;
          assert.strictEqual((yield* take(key, rival)).kind, "held");
        }
        yield* Effect.promise(() => killed(child));
        const release = taken(yield* take(key, rival));
        assert.lengthOf(filesIn(root), 2);
        yield* release;
        assert.deepStrictEqual(filesIn(root), []);
      }).pipe(Effect.provide(layerLeases(root, { standstill: { nowMs: clock.now } })));
    }),
  );

  it.live.skipIf(!hasProc)("is free when its number belongs to a process that started at another time", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const { self } = yield* livingProcess;
      yield* Effect.provide(take(), layerLeases(root, { self: { ...self, started: `${Number(self.started) - 1}` } }));
      yield* Effect.provide(Effect.map(take(key, rival), taken), layerLeases(root));
    }),
  );

  it.skipIf(!hasProc)("is not free for a zombie's parent to see, but for all who compute", async () => {
    // The parent, a shell that never waits, keeps the dead child's entry.
    const child = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 5"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const pid = Number(await new Promise<Buffer>((resolve) => child.stdout.once("data", resolve)));
      const stateOf = () => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!;
      while (!stateOf().startsWith("Z")) await new Promise((resolve) => setTimeout(resolve, 5));
      const started = stateOf().split(" ")[19]!;
      assert.isFalse(livesHere({ ...thisProcess(), process: pid, started }));
    } finally {
      await killed(child);
    }
  });

  it("of an earlier boot is free, and of another name space of processes not to be told", () => {
    const here = { ...thisProcess(), place: thisProcess().place || "boot space", machine: "number name" };
    const [boot = "", space = ""] = here.place.split(" ");
    assert.isUndefined(livesHere({ ...here, machine: "", place: `other ${space}` }));
    assert.isUndefined(livesHere({ ...here, machine: thisProcess().machine, place: `${boot} other` }));
    const before = livesHere({ ...here, machine: thisProcess().machine, place: `other ${space}` });
    assert.strictEqual(before, thisProcess().machine === "" ? undefined : false);
  });

  it.effect("is free again where letting go of it failed", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      let isOn = false;
      yield* Effect.gen(function* () {
        const release = taken(yield* take());
        isOn = true;
        yield* release;
        isOn = false;
        assert.isNotEmpty(filesIn(root));
        yield* taken(yield* take(key, rival));
        assert.isEmpty(filesIn(root));
      }).pipe(Effect.provide(layerLeases(root)), Effect.provide(layerDisk(diskFailing("remove", "EIO", () => isOn))));
    }),
  );
});

/** What a machine sees and does, under its own identity. */
const machine = (root: string, host: string, options: LeaseOptions = {}) => {
  const self = onMachine(host);
  return { self, layer: layerLeases(root, { self, beatEveryMs: 5, ...options }) };
};

const beat = (root: string, { id }: ProcessIdentity, count: string) => {
  mkdirSync(join(root, "leases", "beats"), { recursive: true });
  writeFileSync(join(root, "leases", "beats", id), count);
};

describe("a lease of a process on another machine", () => {
  it.live("stays its own while its heartbeat goes on, whatever the clocks say", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const far = machine(root, "far");
      const clock = new HandClock();
      yield* Effect.gen(function* () {
        yield* take();
        yield* Effect.gen(function* () {
          for (let look = 0; look < 20; look++) {
            // Its thread beats every 5 ms; this clock leaps ahead, and back.
            yield* Effect.sleep(40);
            clock.ms += look % 2 === 0 ? 40_000 : -10_000;
            assert.strictEqual(kindOf(yield* take(key, rival)), "held by far");
          }
        }).pipe(Effect.provide(layerLeases(root, { standstill: { nowMs: clock.now } })));
      }).pipe(Effect.provide(far.layer));
    }),
  );

  it.effect("is taken over when its heartbeat stood still for half a minute of the waiter's looking", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const far = onMachine("far");
      const clock = new HandClock();
      yield* Effect.provide(take(), layerLeases(root, { self: far }));
      beat(root, far, "17");
      yield* Effect.gen(function* () {
        assert.strictEqual(kindOf(yield* take(key, rival)), "held by far");
        for (let look = 0; look < 59; look++) {
          clock.ms += 500;
          assert.strictEqual(kindOf(yield* take(key, rival)), "held by far");
        }
        // Any other number will do, also a smaller one, also none.
        beat(root, far, "3");
        clock.ms += 500;
        assert.strictEqual((yield* holder())?.host, "far");
        for (let look = 0; look < 60; look++) {
          assert.strictEqual((yield* holder())?.host, "far");
          clock.ms += 500;
        }
        assert.isUndefined(yield* holder());
        yield* taken(yield* take(key, rival));
        assert.isEmpty(filesIn(root));
      }).pipe(Effect.provide(layerLeases(root, { standstill: { nowMs: clock.now } })));
    }),
  );

  it.effect("is not lost to a waiter that slept itself", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const far = onMachine("far");
      const clock = new HandClock();
      yield* Effect.provide(take(), layerLeases(root, { self: far }));
      beat(root, far, "17");
      yield* Effect.gen(function* () {
        yield* take(key, rival);
        for (let hour = 0; hour < 10; hour++) {
          clock.ms += 3_600_000;
          assert.strictEqual(kindOf(yield* take(key, rival)), "held by far");
        }
      }).pipe(Effect.provide(layerLeases(root, { standstill: { nowMs: clock.now } })));
    }),
  );

  it.effect("that was taken over is not harmed when its former holder lets go of it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const far = onMachine("far");
      const clock = new HandClock();
      const late = taken(yield* Effect.provide(take(), layerLeases(root, { self: far })));
      yield* Effect.gen(function* () {
        yield* take(key, rival);
        clock.ms += 1;
        const release = taken(yield* take(key, rival));
        yield* late;
        assert.strictEqual((yield* take(key, { run: "third", step: "c" })).kind, "held");
        yield* release;
        assert.isEmpty(filesIn(root));
      }).pipe(Effect.provide(layerLeases(root, { standstill: { nowMs: clock.now, afterMs: 1 } })));
    }),
  );
});

describe("the files of leases", () => {
  it.effect("when damaged hold nothing, and are taken over", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      mkdirSync(join(root, "leases"), { recursive: true });
      for (const text of ["", "{", "null", `{"id":"x"}`]) {
        writeFileSync(join(root, "leases", key), text);
        yield* Effect.provide(Effect.flatMap(take(), taken), layerLeases(root));
        assert.isEmpty(filesIn(root));
      }
    }),
  );

  it("let one process take over a dead lease, wherever in it another one is at work", () => {
    // Two waiters find the lease of a dead holder. At each operation of the first, the second does all it can, and may let go.
    const places = 8;
    for (const letsGo of [false, true]) {
      for (let at = 0; at < places; at++) {
        Effect.runSync(
          Effect.scoped(
            Effect.gen(function* () {
              const layout = layoutOf(yield* temporaryFolder);
              mkdirSync(layout.leases, { recursive: true });
              const dead = { id: "d".repeat(32), owner: { ...onMachine("x"), place: thisProcess().place }, ...purpose };
              writeFileSync(layout.lease(key), JSON.stringify(dead));
              const folderOf = (disk: ReturnType<typeof diskWith>) => {
                const self = { ...thisProcess(), id: onMachine("any").id };
                return new LeaseFolder(disk, layout, self, new Standstill(disk, layout, usualStandstill));
              };
              const second = folderOf(diskWith(() => undefined));
              let other: ReturnType<LeaseFolder["take"]> | undefined;
              const first = folderOf(
                diskWith((_, count) => {
                  if (count !== at || other !== undefined) return;
                  other = second.take(key, rival);
                  if (letsGo && typeof other === "string") second.release(key, other);
                }),
              );
              const one = first.take(key, purpose);
              const owners = [one, letsGo ? undefined : other].filter((claim) => typeof claim === "string");
              assert.lengthOf(owners, 1, `operation ${at}${letsGo ? ", let go" : ""}`);
              assert.strictEqual(first.holder(key)?.id, owners[0]);
              first.release(key, owners[0]!);
              assert.isUndefined(second.holder(key));
              assert.isFalse(existsSync(layout.lease(key)));
            }),
          ),
        );
      }
    }
  });

  it.effect("are left by a crash at any operation such that the next process can take the lease", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const cycle = Effect.flatMap(take(), taken);
      const counting = diskCrashingAt(Number.POSITIVE_INFINITY);
      yield* cycle.pipe(Effect.provide(layerLeases(yield* temporaryFolder)), Effect.provide(layerDisk(counting)));
      assert.isAbove(counting.count(), 10);
      for (let n = 0; n < counting.count(); n++) {
        yield* Effect.exit(cycle.pipe(Effect.provide(layerLeases(root)), Effect.provide(layerDisk(diskCrashingAt(n)))));
        yield* Effect.provide(cycle, layerLeases(root));
        assert.isEmpty(filesIn(root), `crash at ${n}`);
      }
    }),
  );

  for (const [operation, code] of [
    ["open", "EACCES"],
    ["write", "ENOSPC"],
    ["link", "EIO"],
    ["open", "EMFILE"],
  ] as const) {
    it.effect(`fail by name on ${code} at ${operation}, and work when it is over`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        let isOn = true;
        yield* Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(take())).code, code);
          isOn = false;
          yield* taken(yield* take());
        }).pipe(Effect.provide(layerLeases(root)), Effect.provide(layerDisk(diskFailing(operation, code, () => isOn))));
      }),
    );
  }
});
