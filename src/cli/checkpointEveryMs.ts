/** PIPELINE_CHECKPOINT_SECONDS: how often a training saves a checkpoint. Not a setting of a step: it changes no number. */
import { UsageError } from "./commandLine.ts";

export const checkpointVariable = "PIPELINE_CHECKPOINT_SECONDS";

/** In milliseconds. Throws `UsageError`. */
export function checkpointEveryMs(named: string | undefined): number {
  if (named === undefined || named === "") return 60_000;
  const seconds = Number(named);
  if (!(seconds >= 0 && Number.isFinite(seconds)))
    throw new UsageError(
      `${checkpointVariable} cannot be \`${named}\``,
      "give a number of seconds from 0 (after every update) on; without it, 60",
    );
  return 1000 * seconds;
}
