/** The onnx engine as a layer, closed with its scope. Heavy: import it where something is computed, not where plans are made. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Engine } from "../Engine.ts";
import { OnnxEngine, type OnnxOptions } from "./OnnxEngine.ts";

export const layer = (options: OnnxOptions = {}): Layer.Layer<Engine> =>
  Layer.effect(
    Engine,
    Effect.acquireRelease(
      Effect.sync(() => new OnnxEngine(options)),
      (engine) => Effect.promise(() => engine.close()),
    ),
  );
