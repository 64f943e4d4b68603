/**
 * What does a checkpoint of a training cost? MiniLM's shape with both of AdamW's moments, saved and read back through the
 * store on the temporary folder's disk, beside a bare write and fsync (a bare read) of as many bytes.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { type Checkpoint, CheckpointStore } from "../src/core/Checkpoints.ts";
import { layerCheckpoints } from "../src/store/checkpoints.ts";
import { toCheckpoint } from "../src/training/checkpoint.ts";
import { emptyCurve } from "../src/training/curve.ts";
import { startFrom } from "../src/training/trainingState.ts";
import { type Bench, type BenchOptions, timeRow } from "./Bench.ts";
import { miniLm, quickWeights } from "./trainingRig.ts";

const rounds = 5;
const fingerprint = "0".repeat(64);

/** As after many updates: moments of every parameter. */
function stateOfTraining(): Checkpoint {
  const state = startFrom(quickWeights(miniLm));
  for (const [name, values] of state.parameters)
    state.optimizer.memory.set(name, {
      slots: new Map([
        ["first", values.map((value) => value / 7)],
        ["second", values.map((value) => value * value)],
      ]),
    });
  return toCheckpoint({ state, curve: emptyCurve, doubts: {} }, 1);
}

const timeMs = (work: () => unknown): number => {
  const began = performance.now();
  work();
  return performance.now() - began;
};

const best = (values: ReadonlyArray<number>) => Math.min(...values);

function writeBare(path: string, parts: Checkpoint["tensors"]): void {
  const file = openSync(path, "w");
  for (const { buffer, byteOffset, byteLength } of parts.values())
    writeSync(file, new Uint8Array(buffer, byteOffset, byteLength));
  fsyncSync(file);
  closeSync(file);
}

async function run({ note }: BenchOptions) {
  const folder = mkdtempSync(join(tmpdir(), "tandem-checkpoint-"));
  try {
    const store = Effect.runSync(
      Effect.provide(Effect.service(CheckpointStore), layerCheckpoints(join(folder, "cache"))),
    );
    const checkpoint = stateOfTraining();
    const tensors = [...checkpoint.tensors];
    const numbers = tensors.reduce((sum, [name, { length }]) => sum + (name.startsWith("parameter/") ? length : 0), 0);
    const bytes = tensors.reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
    note(`checkpoint: ${(numbers / 1e6).toFixed(1)} million parameters, ${(bytes / 1e6).toFixed(0)} MB`);
    const bare = join(folder, "bare");
    const memoryBefore = process.memoryUsage.rss();
    const times = Array.from({ length: rounds }, (_, i) => ({
      save: timeMs(() => Effect.runSync(store.save(fingerprint, { ...checkpoint, done: i + 1 }))),
      writeBare: timeMs(() => writeBare(bare, checkpoint.tensors)),
    }));
    note(`checkpoint: memory grew by ${((process.memoryUsage.rss() - memoryBefore) / 1e6).toFixed(0)} MB while saving`);
    const reads = Array.from({ length: rounds }, () => ({
      load: timeMs(() => Effect.runSync(store.load(fingerprint))),
      readBare: timeMs(() => readFileSync(bare)),
    }));
    return [
      timeRow("checkpoint", "save", best(times.map(({ save }) => save)), {
        name: "write and fsync",
        ms: best(times.map((each) => each.writeBare)),
      }),
      timeRow("checkpoint", "load", best(reads.map(({ load }) => load)), {
        name: "read",
        ms: best(reads.map((each) => each.readBare)),
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const checkpoint: Bench = {
  name: "checkpoint",
  description: "a checkpoint of MiniLM's shape saved and read, beside bare writes and reads of as many bytes",
  run,
};
