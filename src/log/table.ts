/** A plain table for terminals and files: no frames, columns as wide as their cells, numbers to the right. */
import { padEnd, padStart, textWidth, truncate } from "./textWidth.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Cells longer than this are cut with an ellipsis. */
  readonly maxColumns?: number;
}

/** Lines of equal structure: the titles, then one line a row. Trailing blanks are left out. */
export function renderTable(
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> {
  const all = [columns.map((column) => column.title), ...rows].map((row) =>
    columns.map((column, i) => truncate(row[i] ?? "", column.maxColumns ?? Infinity)),
  );
  const widths = columns.map((_, i) => all.reduce((widest, row) => Math.max(widest, textWidth(row[i]!)), 0));
  const hasTitles = columns.some((column) => column.title !== "");
  return (hasTitles ? all : all.slice(1)).map((row) =>
    row
      .map((cell, i) => (columns[i]!.align === "right" ? padStart(cell, widths[i]!) : padEnd(cell, widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}
