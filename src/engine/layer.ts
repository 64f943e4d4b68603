/** The engine of a choice as a layer, closed with its scope. Light until it is built. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Engine } from "./Engine.ts";
import { EngineUnavailable } from "./EngineChoice.ts";
import { openEngine, type OpenOptions } from "./openEngine.ts";

/** Fails where the choice is not to be had on this machine; any other fault is a defect. */
export const layerEngine = (options: OpenOptions): Layer.Layer<Engine, EngineUnavailable> =>
  Layer.effect(
    Engine,
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () => openEngine(options),
        catch: (error) => {
          if (error instanceof EngineUnavailable) return error;
          throw error;
        },
      }),
      (engine) => Effect.promise(() => engine.close()),
    ),
  );
