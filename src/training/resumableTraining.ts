/** A training that may be stopped at any update: it goes on from the newest checkpoint, and leaves one now and then. */
import type { Checkpoint } from "../core/Checkpoints.ts";
import type { EngineShape } from "../engine/Engine.ts";
import { fromCheckpoint, toCheckpoint } from "./checkpoint.ts";
import type { Method } from "./Method.ts";
import type { TrainingOptions } from "./options.ts";
import { scheduleOf } from "./schedule.ts";
import { train, type Trained, type Watcher } from "./train.ts";

/** Where checkpoints are kept. Nothing here fails. */
export interface Keeper {
  readonly load: () => Checkpoint | undefined;
  /** Done with the arrays when it returns. @returns where a person finds it, where it was kept */
  readonly save: (checkpoint: Checkpoint) => string | undefined;
  /** Of work between two checkpoints, milliseconds; 0 is after every update. */
  readonly everyMs: number;
}

export interface ResumableWatcher extends Watcher {
  /** Told once, before the first update, where the training goes on from a checkpoint. */
  readonly resumed: (done: number, total: number) => void;
  /** Told where there is a checkpoint that does not fit; the training then starts from the beginning. */
  readonly passedOver: () => void;
}

/** @throws TrainingFailure as `train`; before `interrupted`, and before `divergence` where there is something to keep, a checkpoint was saved */
export async function resumableTraining(
  method: Method,
  engine: EngineShape,
  options: TrainingOptions,
  watcher: ResumableWatcher,
  keeper: Keeper,
): Promise<Trained> {
  const total = scheduleOf(options, method.stepsPerEpoch).totalSteps;
  const checkpoint = keeper.load();
  const resumed = checkpoint === undefined ? undefined : fromCheckpoint(checkpoint, method.start, total);
  if (resumed !== undefined) watcher.resumed(resumed.state.step, total);
  else if (checkpoint !== undefined) watcher.passedOver();
  const isDue = everySoOften(keeper.everyMs);
  const keep: NonNullable<Watcher["keep"]> = (standing, mustSave) =>
    mustSave || isDue.now() ? isDue.time(() => keeper.save(toCheckpoint(standing(), total))) : undefined;
  return train(method, engine, options, { ...watcher, keep }, resumed);
}

/** Work that a saving is worth, as a multiple of its own time: on a slow disk they come less often, at a cost of 5 %. */
const worth = 20;

/** @param nowMs a clock that does not jump */
export function everySoOften(everyMs: number, nowMs: () => number = () => performance.now()) {
  let lastMs = nowMs();
  let waitMs = everyMs;
  return {
    now: (): boolean => nowMs() - lastMs >= waitMs,
    /** Does what is due and starts the wait for the next time. */
    time: <A>(work: () => A): A => {
      const began = nowMs();
      const result = work();
      lastMs = nowMs();
      if (everyMs > 0) waitMs = Math.max(everyMs, worth * (lastMs - began));
      return result;
    },
  };
}
