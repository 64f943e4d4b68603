/** Why a step failed, in one line of the tree or the plain log; the report at the end has the whole path and the hint. */
import { basename } from "node:path";
import type { StepError } from "../core/events.ts";
import { oneLine } from "./textWidth.ts";

/** `pairs.tsv:17: score is empty`; the place is left out where the message names it already. */
export function failureText({ message, path, line }: StepError): string {
  if (path === undefined || message.includes(path)) return oneLine(message);
  return oneLine(`${basename(path)}${line === undefined ? "" : `:${line}`}: ${message}`);
}
