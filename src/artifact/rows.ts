/**
 * Any artifact as rows, whatever its type: what `pipeline show` prints. Rows are made when asked for, so looking at the head
 * of a long file costs the head.
 */
import type { Json } from "../core/canonicalJson.ts";
import type { Column } from "./table.ts";

export interface ArtifactRows {
  /** `Scores`. */
  readonly type: string;
  readonly rowCount: number;
  readonly columns: ReadonlyArray<string>;
  /** What holds for all rows: the digest of the Pairs they belong to, a model's config. */
  readonly facts: { readonly [name: string]: string };
  /** Row `i` as a JSON object, lists in full. */
  readonly row: (i: number) => { readonly [column: string]: Json };
}

/** Opens the bytes of any artifact. @throws DamagedArtifact where they are none. */
export async function readRows(bytes: Uint8Array): Promise<ArtifactRows> {
  const { decodeTable } = await import("./table.ts");
  const { type, rows, columns, facts } = decodeTable(bytes);
  const entries = Object.entries(columns);
  return {
    type,
    rowCount: rows,
    columns: entries.map(([name]) => name),
    facts,
    row: (i) => Object.fromEntries(entries.map(([name, column]) => [name, cell(column, i)])),
  };
}

function cell(column: Column, i: number): Json {
  switch (column.kind) {
    case "int32List":
    case "float32List": {
      const { offsets, values } = column.values;
      return [...values.subarray(offsets[i]!, offsets[i + 1]!)].map(jsonNumber);
    }
    case "vector":
      return [...column.values.subarray(i * column.dimension, (i + 1) * column.dimension)].map(jsonNumber);
    case "text":
      return column.values[i]!;
    default:
      return jsonNumber(column.values[i]!);
  }
}

/** JSON has no NaN and no infinity. */
const jsonNumber = (value: number): Json => (Number.isFinite(value) ? value : null);

/** The first `head` rows as objects (all without it). */
export const rowObjects = (
  rows: ArtifactRows,
  head = rows.rowCount,
): ReadonlyArray<{ readonly [column: string]: Json }> =>
  Array.from({ length: Math.min(head, rows.rowCount) }, (_, i) => rows.row(i));

/** CSV as RFC 4180 has it, with a header; lists as JSON in one field. */
export function rowsAsCsv(rows: ArtifactRows, head?: number): string {
  const lines = rowObjects(rows, head).map((row) => rows.columns.map((name) => csvField(row[name]!)).join(","));
  return [rows.columns.map(csvField).join(","), ...lines, ""].join("\r\n");
}

function csvField(value: Json): string {
  const text = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Widest a cell of the table gets, in characters. */
const cellWidth = 60;
const listItems = 6;

/** The first `head` rows for the eye: one string per cell, long texts and lists cut with an ellipsis. */
export const rowsAsCells = (rows: ArtifactRows, head = 20): ReadonlyArray<ReadonlyArray<string>> =>
  rowObjects(rows, head).map((row) => rows.columns.map((name) => shortCell(row[name]!)));

function shortCell(value: Json): string {
  if (Array.isArray(value)) {
    const shown = value.slice(0, listItems).map(shortCell).join(" ");
    return value.length > listItems ? `[${shown} … ${value.length} in all]` : `[${shown}]`;
  }
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  const characters = [...String(value ?? "").replaceAll(/\s/g, " ")];
  return characters.length > cellWidth ? `${characters.slice(0, cellWidth - 1).join("")}…` : characters.join("");
}
