/** Every stage there is, in the order of `pipeline stages`. Importing this is cheap: stages bring what they need when they run. */
import type { AnyStage } from "../src/core/Stage.ts";

export const stages: ReadonlyArray<AnyStage> = [];
