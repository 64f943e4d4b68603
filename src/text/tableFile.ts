/** Tab-separated files with a header: rows of fields by the names of their columns, without quoting or escaping. */
import { decodeLines, TextProblem } from "./decodeLines.ts";

export interface TableFile {
  /** Names in the header, in order. */
  readonly columns: ReadonlyArray<string>;
  /** In the order of the file; empty lines are left out. */
  readonly rows: ReadonlyArray<TableRow>;
}

export interface TableRow {
  /** From 1, the header's. */
  readonly line: number;
  /** As many as there are columns. */
  readonly fields: ReadonlyArray<string>;
}

/**
 * @param wanted columns that must be there @param layout what the file should look like, in words
 * @throws TextProblem with the line for an empty file, a missing column, a row of another number of fields, no row at all
 */
export function readTable(bytes: Uint8Array, wanted: ReadonlyArray<string>, layout: string, row: string): TableFile {
  const [header, ...lines] = decodeLines(bytes);
  if (header === undefined) throw new TextProblem("the file is empty", layout);
  const columns = header.split("\t").map((name) => name.trim());
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new TextProblem(
      `the header lacks the column ${missing.join(" and ")}: it has ${columns.join(", ")}`,
      layout,
      1,
    );
  const rows = lines.flatMap((line, i) => (line === "" ? [] : [readRow(line, i + 2, columns.length)]));
  if (rows.length === 0) throw new TextProblem(`there is no ${row} after the header`, layout);
  return { columns, rows };
}

function readRow(text: string, line: number, columns: number): TableRow {
  const fields = text.split("\t");
  if (fields.length === columns) return { line, fields };
  throw new TextProblem(
    `${fields.length} ${fields.length === 1 ? "field" : "fields"} where the header has ${columns}`,
    "fields are separated by tabs, and a sentence holds none",
    line,
  );
}

/** The text of a column in every row, without blanks around it. @throws TextProblem with the line where it is empty */
export function textColumn(table: TableFile, name: string): ReadonlyArray<string> {
  const index = table.columns.indexOf(name);
  return table.rows.map(({ fields, line }) => {
    const value = fields[index]!.trim();
    if (value === "") throw new TextProblem(`${name} is empty`, "take the line out, or fill it in", line);
    return value;
  });
}

const everyScore = "where there is a score column every row has a number in it; without the column none needs one";

/**
 * The numbers of a column, or the places of its values among `classes`.
 * @throws TextProblem with the line where a field is empty, no number, or none of the classes
 */
export function numberColumn(
  table: TableFile,
  name: string,
  classes: ReadonlyArray<string> | undefined,
): ReadonlyArray<number> {
  const index = table.columns.indexOf(name);
  const numberOf = classes === undefined ? readNumber(name) : readClass(name, classes);
  return table.rows.map(({ fields, line }) => numberOf(fields[index]!.trim(), line));
}

const readNumber =
  (name: string) =>
  (text: string, line: number): number => {
    const number = Number(text);
    if (text === "") throw new TextProblem(`${name} is empty`, everyScore, line);
    if (Number.isFinite(number)) return number;
    throw new TextProblem(`${name} is ${JSON.stringify(text)}, not a number`, everyScore, line);
  };

const readClass =
  (name: string, classes: ReadonlyArray<string>) =>
  (text: string, line: number): number => {
    const place = classes.indexOf(text);
    if (place >= 0) return place;
    const listed = `list every class in \`classes\`: it has ${classes.join(", ")}`;
    throw new TextProblem(text === "" ? `${name} is empty` : `${name} is ${JSON.stringify(text)}`, listed, line);
  };
