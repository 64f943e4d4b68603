/** Every command of `pipeline`: its arguments, its options, and where its code is. Loads none of that code itself. */
import type { Command } from "./commandLine.ts";
import { languageCommands } from "./commandTable/languageCommands.ts";
import { machineCommands } from "./commandTable/machineCommands.ts";
import { modelCommands } from "./commandTable/modelCommands.ts";
import { pastRunCommands } from "./commandTable/pastRunCommands.ts";
import { pipelineCommands } from "./commandTable/pipelineCommands.ts";

/** In the order in which help lists them. */
export const commands: ReadonlyArray<Command> = [
  ...pipelineCommands,
  ...pastRunCommands,
  ...modelCommands,
  ...machineCommands,
  ...languageCommands,
];
