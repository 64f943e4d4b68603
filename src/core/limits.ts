/** How long a step may run, and how often it is tried again: what a pipeline file says of it apart from its result. In no key. */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { StageFailure, type FailureCause } from "./errors.ts";

/** A fault that another try can mend; a training then goes on from its last checkpoint. What a stage refuses, it refuses again. */
export const retriedCauses = ["killed", "out-of-memory", "timeout", "stage-error"] as const;

export interface StepLimits {
  /** Of one try, from its start. */
  readonly timeoutMs?: number;
  /** Without a report of progress. */
  readonly progressTimeoutMs?: number;
  readonly retry?: {
    /** Tries after the first, at least 1. */
    readonly times: number;
    readonly on: ReadonlyArray<FailureCause>;
    /** Before the second try; doubled before each further one. */
    readonly waitMs: number;
  };
}

/**
 * Ends what takes longer, or shows no progress for too long: it is asked to end after the batch in hand, as by Ctrl-C, and its
 * checkpoint stays.
 *
 * @param start gets what to call at each report of progress
 */
export const withTimeout = <A, E, R>(
  start: (onProgress: () => void) => Effect.Effect<A, E, R>,
  step: string,
  { timeoutMs, progressTimeoutMs }: StepLimits = {},
): Effect.Effect<A, E | StageFailure, R> => {
  const inTime = (task: Effect.Effect<A, E | StageFailure, R>) =>
    timeoutMs === undefined
      ? task
      : Effect.timeoutOrElse(task, {
          duration: timeoutMs,
          orElse: () => timedOut(`${step} took longer than its \`timeout\` of ${seconds(timeoutMs)}.`, "timeout"),
        });
  if (progressTimeoutMs === undefined) return inTime(start(() => undefined));
  return Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    let lastAt = clock.currentTimeMillisUnsafe();
    const task = start(() => void (lastAt = clock.currentTimeMillisUnsafe()));
    const standstill = Effect.gen(function* () {
      for (let leftMs = progressTimeoutMs; leftMs > 0;) {
        yield* Effect.sleep(leftMs);
        leftMs = lastAt + progressTimeoutMs - clock.currentTimeMillisUnsafe();
      }
      const message = `${step} reported no progress for ${seconds(progressTimeoutMs)}, its \`timeout.progress\`.`;
      return yield* timedOut(message, "timeout.progress");
    });
    return yield* inTime(Effect.raceFirst(task, standstill));
  });
};

const seconds = (ms: number): string => `${ms / 1000} s`;

const timedOut = (message: string, key: string): Effect.Effect<never, StageFailure> =>
  Effect.fail(
    new StageFailure({
      cause: "timeout",
      message,
      hint: `Raise \`${key}\`. A training goes on from its last checkpoint.`,
    }),
  );

/** A try after a failure. */
export interface NextTry {
  /** From 1: the first try is not counted. */
  readonly attempt: number;
  readonly of: number;
  readonly waitMs: number;
}

/** Undefined where `retry` does not name the failure's cause, or all tries are used up. `tried`: tries after the first so far. */
export function nextTry(error: unknown, { retry }: StepLimits = {}, tried = 0): NextTry | undefined {
  if (retry === undefined || !(error instanceof StageFailure)) return undefined;
  const { times, on, waitMs } = retry;
  if (tried >= times || !on.includes(error.cause)) return undefined;
  return { attempt: tried + 1, of: times, waitMs: waitMs * 2 ** tried };
}
