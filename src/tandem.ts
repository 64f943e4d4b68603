/**
 * What a stage of one's own is written with: `import { defineStage, … } from "tandem"`. Whatever copy of the package is installed
 * beside the stage, the one that runs the pipeline answers. `Effect` and `Schema` are those that it runs on.
 */
export * as Effect from "./ownStages/Effect.ts";
export * as Schema from "./ownStages/Schema.ts";
export * from "./artifact/index.ts";
export { selectRows, type TextRows } from "./artifact/textRows.ts";
export {
  input,
  inputOneOf,
  listInput,
  optionalInput,
  output,
  outputFrom,
  outputSameAs,
  type ArtifactType,
} from "./core/ArtifactType.ts";
export { Checkpoints, type Checkpoint } from "./core/Checkpoints.ts";
export { contentDigest } from "./core/digest.ts";
export { StageFailure } from "./core/errors.ts";
export { folder, path } from "./core/path.ts";
export { Progress, type ProgressReport, type SourceFile, type StageContext } from "./core/Stage.ts";
export { Engine, type EngineShape, type Program } from "./engine/Engine.ts";
export { childKey, normalAt, permutation, randomKey, uniformAt, type RandomKey } from "./nn/random.ts";
export { defineStage, type OwnStageDefinition } from "./ownStages/defineStage.ts";
