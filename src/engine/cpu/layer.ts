/** The cpu engine as a layer, for tests and comparisons. */
import * as Layer from "effect/Layer";
import { Engine } from "../Engine.ts";
import { CpuEngine } from "./CpuEngine.ts";

export const layer: Layer.Layer<Engine> = Layer.sync(Engine, () => new CpuEngine());
