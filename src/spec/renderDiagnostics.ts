/**
 * Diagnostics as a person reads them: place and message, the line with its mistake underlined, a hint.
 *
 *     pipelines/x.yaml:12:11: error: there is no stage `tokenise`
 *       12 |     uses: tokenise
 *          |           ^^^^^^^^
 *       hint: did you mean `tokenize`?
 *
 * Where the mistake itself lies in another file, a stage of the user's own, its place and line follow.
 */
import type { Diagnostic } from "../core/Diagnostic.ts";
import type { SourceLocation } from "../core/Graph.ts";
import { counted } from "../core/suggest.ts";

/** Columns of an excerpt; of longer lines the part around the mistake is shown. */
const maxColumns = 120;

/** `readText` gives the text of a file as named in the diagnostics, undefined where it cannot be had. Ends with a newline. */
export function renderDiagnostics(
  diagnostics: ReadonlyArray<Diagnostic>,
  readText: (file: string) => string | undefined,
): string {
  const linesOf = new Map<string, ReadonlyArray<string>>();
  const lineAt = (file: string, line: number): string | undefined => {
    let lines = linesOf.get(file);
    if (lines === undefined) linesOf.set(file, (lines = (readText(file) ?? "").split(/\r\n|\n|\r/)));
    return lines[line - 1];
  };
  const blocks = diagnostics.map((diagnostic) => renderOne(diagnostic, lineAt));
  return `${[...blocks, counted(diagnostics.length, "error")].join("\n\n")}\n`;
}

function renderOne(
  { location, length, argument, message, hint, related }: Diagnostic,
  lineAt: (file: string, line: number) => string | undefined,
): string {
  const place = location === undefined ? argument : placeOf(location);
  return [
    `${place === undefined ? "" : `${place}: `}error: ${message}`,
    ...(location === undefined ? [] : linesAt(location, length ?? 1, lineAt)),
    ...(related === undefined ? [] : [`  at ${placeOf(related.location)}`]),
    ...(related === undefined ? [] : linesAt(related.location, related.length, lineAt)),
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
  ].join("\n");
}

const placeOf = ({ file, line, column }: SourceLocation): string => `${file}:${line}:${column}`;

function linesAt(
  { file, line: number, column }: SourceLocation,
  length: number,
  lineAt: (file: string, line: number) => string | undefined,
): ReadonlyArray<string> {
  const line = lineAt(file, number);
  return line === undefined ? [] : excerpt(line, number, column, length);
}

function excerpt(line: string, number: number, column: number, length: number): ReadonlyArray<string> {
  const start = Math.min(column - 1, line.length);
  const end = Math.max(start + 1, Math.min(start + length, line.length));
  const from = line.length <= maxColumns ? 0 : Math.max(0, start - 40);
  const to = Math.min(line.length, from + maxColumns);
  const lead = from > 0 ? "…" : "";
  const shown = `${lead}${printable(line.slice(from, to))}${to < line.length ? "…" : ""}`;
  const before = lead + printable(line.slice(from, start));
  const marked = printable(line.slice(start, Math.min(end, to)));
  const gutter = String(number);
  return [
    `  ${gutter} | ${shown}`,
    `  ${" ".repeat(gutter.length)} | ${before.replaceAll(/[^\t]/gu, blank)}${"^".repeat(Math.max(1, columnsOf(marked)))}`,
  ];
}

// oxlint-disable-next-line no-control-regex -- what must not reach a terminal
const printable = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

/** East Asian wide forms and emoji take two columns of a terminal. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const blank = (character: string): string => (wide.test(character) ? "  " : " ");
const columnsOf = (text: string): number =>
  Array.from(text, (character) => blank(character).length).reduce((a, b) => a + b, 0);
