/** Stages of the user's own, wired: where their code is kept, what they import as this package, which names are taken. */
import { Console } from "node:console";
import * as Effect from "effect/Effect";
import type { AnyStage } from "../core/Stage.ts";
import type { LoadStageFiles, StageCode } from "../core/StageFile.ts";
import { stages } from "../../stages/index.ts";

/** Beside the bundle of the command line, where that runs (bin/buildBundle.mjs). */
const publicModule = new URL(import.meta.url.endsWith(".ts") ? "../tandem.ts" : "tandem.js", import.meta.url).href;

/** Loads stage files for pipelines on a cache folder. What does so comes when the first one is asked for. */
export const stageFilesOn =
  (cache: string): LoadStageFiles =>
  (paths) =>
    Effect.gen(function* () {
      const { loadStageFiles } = yield* Effect.promise(() => import("../ownStages/loadStageFiles.ts"));
      const { default: manifest } = yield* Effect.promise(
        () => import("../../package.json", { with: { type: "json" } }),
      );
      const { stageFolder } = yield* Effect.promise(() => import("../store/stageFolder.ts"));
      // What a stage prints must not get between the lines of `run --json`.
      globalThis.console = new Console(process.stderr, process.stderr);
      const builtIn = new Set(stages.map(({ name }) => name));
      return yield* loadStageFiles({
        publicModule,
        version: manifest.version,
        builtIn,
        kept: yield* stageFolder(cache),
      })(paths);
    });

/** For a worker: the stage that the driver has checked. */
export async function openStageHere(code: StageCode): Promise<AnyStage> {
  const { openStage } = await import("../ownStages/loadStageFiles.ts");
  return openStage(code, publicModule);
}
