/**
 * Gathers the mistakes of a file and its arguments, so that all are shown at once.
 *
 * A place is a span of the file, or the argument a value came from. What is unrolled is checked per cycle; the mistake is one,
 * so a report with a `rule` is kept once per place and rule.
 */
import type { Diagnostic, Related } from "../core/Diagnostic.ts";
import type { SourceLocation } from "../core/Graph.ts";

/** A piece of one line of a file; line and column from 1, `length` at least 1. */
export interface Span {
  /** The file that the pipeline extends, as messages name it; absent: the pipeline file itself. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Where a value was written: in the file, or in an argument (`--set cycles=5`). */
export type Place = Span | { readonly argument: string };

export interface Reporter {
  /** `rule` names the mistake where its words may differ from cycle to cycle; the message itself otherwise. */
  readonly report: (place: Place, message: string, hint?: string, rule?: string, related?: Related) => void;
  readonly location: (span: Span) => SourceLocation;
  readonly count: () => number;
  /** In the order of the file, arguments first, files that it extends last. */
  readonly sorted: () => ReadonlyArray<Diagnostic>;
}

export function makeReporter(file: string): Reporter {
  const found = new Map<string, Diagnostic>();
  const location = (span: Span): SourceLocation => ({
    file: span.file ?? file,
    line: span.line,
    column: span.column,
  });
  return {
    location,
    report: (place, message, hint, rule = message, related = undefined) => {
      const where = "argument" in place ? { argument: place.argument } : atSpan(place, location(place));
      const key = `${"argument" in place ? place.argument : `${place.file ?? ""}:${place.line}:${place.column}`}\n${rule}`;
      if (found.has(key)) return;
      const more = { ...(hint === undefined ? {} : { hint }), ...(related === undefined ? {} : { related }) };
      found.set(key, { ...where, message, ...more });
    },
    count: () => found.size,
    sorted: () => [...found.values()].sort((a, b) => byPlace(a, b, file)),
  };
}

const atSpan = (span: Span, location: SourceLocation) => ({ location, length: Math.max(1, span.length) });

function byPlace(a: Diagnostic, b: Diagnostic, file: string): number {
  if (a.location === undefined || b.location === undefined) {
    return (a.location === undefined ? 0 : 1) - (b.location === undefined ? 0 : 1);
  }
  if (a.location.file !== b.location.file) {
    if (a.location.file === file || b.location.file === file) return a.location.file === file ? -1 : 1;
    return a.location.file < b.location.file ? -1 : 1;
  }
  return a.location.line - b.location.line || a.location.column - b.location.column;
}
