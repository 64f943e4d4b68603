/**
 * P10: edits of a file that a file system's coarse clock cannot tell apart, or nearly so, while that clock leaps by hours, between and during
 * the lives of processes. What is read is hashed anew wherever its content may be another one.
 *
 * Files are real. Their times are those of a file system whose clock is moved by hand.
 */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import { assert } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { SourceFiles } from "../../src/core/SourceFiles.ts";
import type { DiskShape, FileStamp } from "../../src/store/Disk.ts";
import { layerSourceFiles } from "../../src/store/sourceFiles.ts";
import { layerDisk, realDisk } from "./faultyDisk.ts";
import { randomOf } from "./toil.ts";

/** Of common file systems: a nanosecond (where the system gives so much), a tick of Linux, a second (HFS+, ext3), two (FAT). */
const granularities = { "1 ns": 1n, "4 ms": 4_000_000n, "1 s": 1_000_000_000n, "2 s": 2_000_000_000n };

class TimedFile {
  nowNs = 1_700_000_000_123_456_789n;
  hashed = 0;
  text = "";
  private stamp: FileStamp = { sizeBytes: 0n, modifiedNs: 0n, changedNs: 0n, inode: 1n, device: 1n };
  readonly path: string;
  private readonly granularityNs: bigint;

  constructor(path: string, granularityNs: bigint) {
    this.path = path;
    this.granularityNs = granularityNs;
    this.write("text 0");
  }

  readonly disk: DiskShape = {
    ...realDisk,
    stamp: () => ({ ...this.stamp, sizeBytes: BigInt(statSync(this.path).size) }),
    hash: (path) => {
      this.hashed++;
      return realDisk.hash(path);
    },
  };

  /** Of the system: the same as the file system's, which rounds it down. */
  clockOn(clock: Clock.Clock): Clock.Clock {
    return Object.assign(Object.create(clock) as Clock.Clock, {
      currentTimeMillisUnsafe: () => Number(this.nowNs / 1_000_000n),
    });
  }

  /** To the very moment, so that another edit has its times. */
  leapToLastEdit(): void {
    this.nowNs = this.stamp.changedNs;
  }

  write(text: string, putsTimeBack = false, isReplaced = false): void {
    const time = this.nowNs - (this.nowNs % this.granularityNs);
    const { modifiedNs, inode } = this.stamp;
    this.text = text;
    writeFileSync(this.path, text);
    this.stamp = {
      ...this.stamp,
      modifiedNs: putsTimeBack ? modifiedNs : time,
      changedNs: time,
      inode: isReplaced ? 3n - inode : inode,
    };
  }
}

const advancesMs = [0, 0.1, 1, 30, 700, 3000, 3000, 100_000];

/** @param lives how many files live through 300 events each */
export async function leapThroughTime(folder: string, lives: number, seed: number) {
  const counts = { edits: 0, leaps: 0, reads: 0, readsWithoutHashing: 0 };
  const steps = Object.values(granularities);
  for (let life = 0; life < lives; life++) {
    const file = new TimedFile(join(folder, `file${life}`), steps[life % steps.length]!);
    await liveThrough(file, join(folder, `cache${life}`), randomOf(seed + life), counts);
  }
  return counts;
}

type Counts = { edits: number; leaps: number; reads: number; readsWithoutHashing: number };

async function liveThrough(file: TimedFile, root: string, random: () => number, counts: Counts): Promise<void> {
  let process = await begin(file, root);
  const read = async () => {
    const before = file.hashed;
    assert.strictEqual(await process.digest(), sha256(file.text), `${file.path} at ${file.nowNs}`);
    counts.reads++;
    if (file.hashed === before) counts.readsWithoutHashing++;
  };
  for (let event = 0; event < 300; event++) {
    const kind = random();
    if (kind < 0.25) {
      file.write(`text ${Math.floor(10 * random())}`, random() < 0.3, random() < 0.2);
      counts.edits++;
    } else if (kind < 0.65) await read();
    else if (kind < 0.85) file.nowNs += BigInt(Math.floor(1e6 * advancesMs[Math.floor(8 * random())]!));
    else if (kind < 0.95) {
      await process.end();
      process = await begin(file, root);
    } else {
      counts.leaps++;
      const isBack = random() < 0.5;
      if (isBack && random() < 0.5) file.leapToLastEdit();
      else file.nowNs += BigInt(Math.floor(1e9 * 18_000 * random() * (isBack ? -1 : 1)));
      // That a clock went back and came again to where it was is seen by who looked in between.
      if (isBack) await read();
    }
  }
  await process.end();
}

/** A process that reads the file, on what the ones before left. */
async function begin(file: TimedFile, root: string) {
  const scope = Effect.runSync(Scope.make());
  const clock = file.clockOn(await Effect.runPromise(Clock.clockWith(Effect.succeed)));
  const layer = Layer.provide(layerSourceFiles(root), [layerDisk(file.disk), Layer.succeed(Clock.Clock, clock)]);
  const context = await Effect.runPromise(Layer.buildWithScope(layer, scope));
  const field = { field: "path", pattern: file.path, written: "file", kind: "file" } as const;
  const digest = Effect.gen(function* () {
    const [found] = yield* (yield* SourceFiles).resolve("reader", field);
    return found!.digest;
  }).pipe(Effect.provideContext(context));
  return {
    digest: () => Effect.runPromise(digest),
    end: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  };
}
