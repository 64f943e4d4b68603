/** How long a step may run, and how often it is tried again: what a pipeline file says of it apart from its result. In no key. */
import * as Effect from "effect/Effect";
import { StageFailure, type FailureCause } from "./errors.ts";

/** A fault that another try can mend; a training then goes on from its last checkpoint. What a stage refuses, it refuses again. */
export const retriedCauses = ["killed", "out-of-memory", "timeout", "stage-error"] as const;

export interface StepLimits {
  readonly timeoutMs?: number;
  readonly progressTimeoutMs?: number;
  readonly retry?: {
    /** Tries after the first, at least 1. */
    readonly times: number;
    readonly on: ReadonlyArray<FailureCause>;
    /** Before the second try; doubled before each further one. */
    readonly waitMs: number;
  };
}

/** Ends what takes longer: it is asked to end after the batch in hand, as by Ctrl-C, and its checkpoint stays. */
export const withTimeout = <A, E, R>(
  task: Effect.Effect<A, E, R>,
  step: string,
  { timeoutMs }: StepLimits = {},
): Effect.Effect<A, E | StageFailure, R> =>
  timeoutMs === undefined
    ? task
    : Effect.timeoutOrElse(task, {
        duration: timeoutMs,
        orElse: () =>
          Effect.fail(
            new StageFailure({
              cause: "timeout",
              message: `${step} took longer than its \`timeout\` of ${timeoutMs / 1000} s.`,
              hint: "Raise `timeout`. A training goes on from its last checkpoint.",
            }),
          ),
      });

/** Tries again where a failure is of a cause that `retry` names; `tell` gets a sentence on each that is. */
export const withRetry = <A, E, R>(
  attempt: Effect.Effect<A, E | StageFailure, R>,
  { retry }: StepLimits = {},
  tell: (message: string) => void = () => undefined,
): Effect.Effect<A, E | StageFailure, R> => {
  if (retry === undefined) return attempt;
  const { times, on, waitMs } = retry;
  const from = (tried: number): Effect.Effect<A, E | StageFailure, R> =>
    Effect.catch(attempt, (error) => {
      if (!(error instanceof StageFailure) || tried >= times || !on.includes(error.cause)) return Effect.fail(error);
      const pauseMs = waitMs * 2 ** tried;
      tell(
        `it failed (${error.cause}) and is tried again in ${pauseMs / 1000} s, ${tried + 1} of ${times}: ${error.message}`,
      );
      return Effect.andThen(
        Effect.sleep(pauseMs),
        Effect.suspend(() => from(tried + 1)),
      );
    });
  return Effect.suspend(() => from(0));
};
