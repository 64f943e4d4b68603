/** `defineStage` as the package exports it, for stages of the user's own. */
import * as Effect from "effect/Effect";
import type { Checkpoints } from "../core/Checkpoints.ts";
import { StageFailure } from "../core/errors.ts";
import {
  defineStage as define,
  type InputPorts,
  type InputValues,
  type OutputPorts,
  type OutputValues,
  type Progress,
  type Stage,
  type StageContext,
} from "../core/Stage.ts";
import type { Engine } from "../engine/Engine.ts";

/** What the `run` of a stage may ask for: `yield* Progress`; the engine only with `usesEngine`. */
export type StageServices = Progress | Engine | typeof Checkpoints.Service;

export interface OwnStageDefinition<Config, I extends InputPorts, O extends OutputPorts, R> extends Omit<
  Stage<Config, I, O, R>,
  "version" | "description" | "usesSeed" | "usesEngine" | "runsIn" | "code" | "run"
> {
  /**
   * An integer from 0; left out, 1. A changed code is seen by itself: raise it where something else makes the outputs differ for
   * the same config and inputs.
   */
  readonly version?: number;
  /** One or two sentences for `pipeline stages ./FILE`. */
  readonly description?: string;
  /** True where the outputs depend on the seed: `run` is given it, and it is in the key. */
  readonly usesSeed?: boolean;
  /** True where `run` computes with the service `Engine`. */
  readonly usesEngine?: boolean;
  /** `worker`, a process of its own, if left out; `driver` for what takes no time. */
  readonly runsIn?: "driver" | "worker";
  /** Gives a value for every output port: as an Effect, which may report progress and fail, or simply so, or as a promise. */
  readonly run: (
    context: StageContext<Config, InputValues<I>>,
  ) => Effect.Effect<OutputValues<O>, StageFailure, R> | Promise<OutputValues<O>> | OutputValues<O>;
}

/** Defines a stage, to be the default export of its file: `export default defineStage({ … })`. */
export const defineStage = <Config, I extends InputPorts, O extends OutputPorts, R extends StageServices = never>(
  definition: OwnStageDefinition<Config, I, O, R>,
): Stage<Config, I, O, R> => {
  const { run } = definition;
  return define<Config, I, O, R>({
    version: 1,
    description: "",
    runsIn: "worker",
    ...definition,
    run: (context) => Effect.suspend(() => asEffect<OutputValues<O>, R>(attempt(() => run(context)))),
  });
};

/** What a `run` throws at once is what it would throw later. */
function attempt<A>(run: () => A): A | Promise<never> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** A thrown `StageFailure` is the failure it says; anything else that is thrown is a fault of the stage. */
function asEffect<A, R>(result: Effect.Effect<A, StageFailure, R> | Promise<A> | A): Effect.Effect<A, StageFailure, R> {
  if (Effect.isEffect(result)) return result as Effect.Effect<A, StageFailure, R>;
  const awaited = Effect.promise(async () => result as A | Promise<A>);
  return Effect.catchDefect(awaited, (thrown) =>
    thrown instanceof StageFailure ? Effect.fail(thrown) : Effect.die(thrown),
  );
}
