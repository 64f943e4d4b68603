/** PIPELINE_LOG: the level from which the log also goes to stderr. */
import { type LogLevel, logLevels } from "../log/pinoLog.ts";
import { nameHint } from "../core/suggest.ts";
import { UsageError } from "./commandLine.ts";

export function logLevel(named: string | undefined): LogLevel {
  if (named === undefined || named === "") return "silent";
  const level = logLevels.find((each) => each === named);
  if (level === undefined)
    throw new UsageError(`PIPELINE_LOG cannot be \`${named}\``, nameHint(named, logLevels, "levels"));
  return level;
}
