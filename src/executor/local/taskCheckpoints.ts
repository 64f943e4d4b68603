/** The checkpoints of one task: those of its fingerprint, with the cache's troubles made warnings, since work goes on without. */
import * as Effect from "effect/Effect";
import { CheckpointStore, type CheckpointsShape } from "../../core/Checkpoints.ts";
import type { StoreError } from "../../core/errors.ts";
import type { Task } from "../../core/Executor.ts";

export const taskCheckpoints = ({ fingerprint }: Task): Effect.Effect<CheckpointsShape> =>
  Effect.gen(function* () {
    const store = yield* CheckpointStore;
    let isFailing = false;
    /** Told once, until it works again: a full disk would be told every minute. */
    const tell = (error: StoreError) => {
      const isNews = !isFailing;
      isFailing = true;
      const told = isNews
        ? Effect.logWarning(`No checkpoint could be saved, the work goes on without. ${error.message}`)
        : Effect.void;
      return Effect.as(told, undefined);
    };
    return {
      load: Effect.catch(store.load(fingerprint), (error) =>
        Effect.as(
          Effect.logWarning(`The checkpoint could not be read, the work starts from the beginning. ${error.message}`),
          undefined,
        ),
      ),
      save: (checkpoint) =>
        Effect.matchEffect(store.save(fingerprint, checkpoint), {
          onFailure: tell,
          onSuccess: (path) =>
            Effect.sync(() => {
              isFailing = false;
              return path;
            }),
        }),
    };
  });
