/** `pipeline nearest MODEL ENCODED [TEXT…]`: of texts encoded before, those with the highest cosine to each text. */
import { readFileSync } from "node:fs";
import { type EncodedTexts, readEncodedTexts } from "../../artifact/encodedTexts.ts";
import { oneLine } from "../../log/textWidth.ts";
import { nearestRows } from "../../metrics/index.ts";
import { type Invocation, isOn, numberOf, UsageError, valueOf } from "../commandLine.ts";
import { csvLine, type EmbeddedTexts, joinParts } from "../embeddingFormats.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { inputTexts } from "../inputTexts.ts";
import { asBiEncoder, openModel } from "../openModel.ts";
import { printJson, printLines, writeOut } from "../output.ts";

const defaultTop = 10;

interface Found {
  readonly query: string;
  readonly nearest: ReadonlyArray<{ readonly row: number; readonly text: string; readonly cosine: number }>;
}

export async function nearest(invocation: Invocation): Promise<number> {
  const [written, path, ...given] = invocation.operands as [string, string, ...Array<string>];
  const format = wantedFormat(invocation);
  const choice = chosenEngine(invocation);
  const encoded = await readEncoded(path);
  const opened = await openModel(invocation, "embed");
  const model = asBiEncoder(opened, written);
  const { modelIdentity } = await import("../../model/modelIdentity.ts");
  if (modelIdentity(model) !== encoded.model)
    throw new UsageError(
      `these texts were encoded with another model than ${written}`,
      "cosines of unlike models mean nothing: encode the texts again with this model",
      path,
    );
  const { embedTexts } = await import("../embedTexts.ts");
  const parts = embedTexts({ model, tokenizer: opened.tokenizer, choice }, inputTexts(invocation, given));
  const queries = await joinParts(parts, encoded.dimension);
  const found = lookUp(queries, encoded, numberOf(invocation, "top") ?? defaultTop, isOn(invocation, "others"));
  if (format === "json") printJson(found);
  else if (format === "csv") writeOut(csvOf(found));
  else printLines(found.flatMap((each, i) => linesOf(each, i, found.length > 1)));
  return exitCodes.done;
}

function wantedFormat(invocation: Invocation): string {
  const asked = valueOf(invocation, "format");
  if (!isOn(invocation, "json")) return asked ?? "text";
  if (asked !== undefined && asked !== "json")
    throw new UsageError(`--json does not go with --format ${asked}`, "keep one of them");
  return "json";
}

async function readEncoded(path: string): Promise<EncodedTexts> {
  const hint = "wanted is what `pipeline encode MODEL --input TEXTS --to PATH.arrow` writes";
  try {
    return await readEncodedTexts(readFileSync(path));
  } catch (error) {
    if ((error as Error).name === "DamagedArtifact") throw new UsageError((error as Error).message, hint, path);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`this file cannot be read (${code})`, hint, path);
  }
}

/** @param others leaves out rows whose text is the query itself, but for blanks around it */
function lookUp(
  queries: EmbeddedTexts,
  { texts, dimension, values }: EncodedTexts,
  top: number,
  others: boolean,
): ReadonlyArray<Found> {
  const most = top + (others ? mostEqual(queries.texts, texts) : 0);
  const each = nearestRows(queries.values, values, dimension, most);
  return queries.texts.map((query, i) => ({
    query,
    nearest: each[i]!.map(({ row, cosine }) => ({ row, text: texts[row]!, cosine }))
      .filter(({ text }) => !others || text.trim() !== query.trim())
      .slice(0, top),
  }));
}

/** How often the text that is there most often among `texts` is there, of those in `queries`. */
function mostEqual(queries: ReadonlyArray<string>, texts: ReadonlyArray<string>): number {
  const counts = new Map(queries.map((query) => [query.trim(), 0]));
  for (const text of texts) {
    const count = counts.get(text.trim());
    if (count !== undefined) counts.set(text.trim(), count + 1);
  }
  return [...counts.values()].reduce((most, count) => Math.max(most, count), 0);
}

const linesOf = ({ query, nearest }: Found, i: number, several: boolean): ReadonlyArray<string> => [
  ...(several ? [`${i === 0 ? "" : "\n"}${oneLine(query)}`] : []),
  ...nearest.map(({ text, cosine }) =>
    `${several ? "  " : ""}${cosine.toFixed(4).padStart(7)}  ${oneLine(text)}`.trimEnd(),
  ),
];

/** A record for each text found; `row` counts from 0 in the encoded file. */
const csvOf = (found: ReadonlyArray<Found>): string =>
  [["query", "row", "cosine", "text"]]
    .concat(
      found.flatMap(({ query, nearest }) =>
        nearest.map(({ row, cosine, text }) => [query, String(row), cosine.toFixed(6), text]),
      ),
    )
    .map(csvLine)
    .join("");
