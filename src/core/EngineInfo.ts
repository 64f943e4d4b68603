/** The identity of the engine that stages will run on: all that the core needs to know of it, since it is in the keys. */
import * as Context from "effect/Context";
import type { EngineIdentity } from "./ActionRecord.ts";

export class EngineInfo extends Context.Service<EngineInfo, EngineIdentity>()("tandem/core/EngineInfo") {}
