import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Logger from "effect/Logger";
import { type Checkpoint, CheckpointStore } from "../../src/core/Checkpoints.ts";
import { StoreError } from "../../src/core/errors.ts";
import type { Task } from "../../src/core/Executor.ts";
import { taskCheckpoints } from "../../src/executor/local/taskCheckpoints.ts";
import { say } from "../kit/fakeStages.ts";

const task: Task = {
  step: "a",
  fingerprint: "f".repeat(64),
  stage: say,
  encodedConfig: {},
  seed: 0,
  files: {},
  inputs: {},
};
const checkpoint: Checkpoint = { done: 1, facts: {}, tensors: new Map() };

describe("the checkpoints of a task", () => {
  it.effect("warn once while they cannot be saved, and again when it comes back", () =>
    Effect.gen(function* () {
      const said: Array<string> = [];
      const log = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))]);
      let isFull = true;
      const full = new StoreError({ operation: "write", path: "/c", code: "ENOSPC", message: "The disk is full." });
      const fail = Effect.suspend(() => (isFull ? Effect.fail(full) : Effect.succeed("/c/it")));
      const store = { load: () => Effect.fail(full), save: () => fail, remove: () => Effect.void };
      yield* Effect.gen(function* () {
        const { load, save } = yield* taskCheckpoints(task);
        assert.isUndefined(yield* load);
        yield* save(checkpoint);
        yield* save(checkpoint);
        isFull = false;
        assert.strictEqual(yield* save(checkpoint), "/c/it");
        isFull = true;
        yield* save(checkpoint);
      }).pipe(Effect.provideService(CheckpointStore, store), Effect.provide(log));
      const unsaved = "No checkpoint could be saved, the work goes on without. The disk is full.";
      assert.deepStrictEqual(said, [
        "The checkpoint could not be read, the work starts from the beginning. The disk is full.",
        unsaved,
        unsaved,
      ]);
    }),
  );

  it.effect("are those of its fingerprint alone", () =>
    Effect.gen(function* () {
      const asked: Array<string> = [];
      const note = (fingerprint: string) =>
        Effect.as(
          Effect.sync(() => asked.push(fingerprint)),
          undefined,
        );
      const store = { load: note, save: note, remove: note };
      const { load, save } = yield* Effect.provideService(taskCheckpoints(task), CheckpointStore, store);
      yield* load;
      yield* save(checkpoint);
      assert.deepStrictEqual(asked, [task.fingerprint, task.fingerprint]);
    }),
  );
});
