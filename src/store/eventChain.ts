/**
 * Events as lines, each carrying the sha256 of the line before it (`previous`), so that a line changed, removed or put in
 * between breaks the chain at the next one.
 */
import { sha256 } from "../core/digest.ts";
import type { RunEvent } from "../core/events.ts";

/** What the first line carries. */
export const chainStart = "0".repeat(64);

export function chainedLine(event: RunEvent, time: string, previous: string) {
  const text = `${JSON.stringify({ ...event, time, previous })}\n`;
  return { text, digest: sha256(text) };
}

const linesOf = (text: string): ReadonlyArray<string> => text.split("\n").slice(0, -1);

/** Whole lines only: a crash may have torn the last one. */
export const parseEvents = (text: string): ReadonlyArray<RunEvent & { readonly time: string }> =>
  linesOf(text).flatMap((line) => {
    const parsed = parseLine(line);
    if (parsed === undefined) return [];
    const { previous: _, ...event } = parsed;
    return [event as RunEvent & { readonly time: string }];
  });

/** The first line, from 1, whose chain does not hold. */
export function brokenAt(text: string): number | undefined {
  let previous = chainStart;
  for (const [index, line] of linesOf(text).entries()) {
    if (parseLine(line)?.["previous"] !== previous) return index + 1;
    previous = sha256(`${line}\n`);
  }
  return undefined;
}

function parseLine(line: string): { readonly [member: string]: unknown } | undefined {
  try {
    return JSON.parse(line) as { readonly [member: string]: unknown };
  } catch {
    return undefined;
  }
}
