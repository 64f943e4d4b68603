/** What a failed step tells in its event, as plain facts. */
import { StageFailure, StoreError } from "./errors.ts";
import type { StepError } from "./events.ts";

export function stepErrorOf(error: unknown): StepError {
  if (error instanceof StageFailure) {
    const { cause, message, hint, path, line, trace } = error;
    return { cause, message, ...present({ hint, path, line, trace }) };
  }
  if (error instanceof StoreError) {
    return { cause: "cache-error", message: error.message, ...present({ hint: error.hint, path: error.path }) };
  }
  return { cause: "stage-error", message: error instanceof Error ? error.message : String(error) };
}

const present = <A extends object>(facts: A): { [K in keyof A]?: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as never;
