/** `pipeline nearest MODEL ENCODED [TEXT…]`: of texts encoded before, those with the highest cosine to each text. */
import { readFileSync } from "node:fs";
import { type EncodedTexts, readEncodedTexts } from "../../artifact/encodedTexts.ts";
import { nearestRows } from "../../metrics/index.ts";
import { type Invocation, isOn, numberOf, UsageError } from "../commandLine.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { inputTexts } from "../inputTexts.ts";
import { asBiEncoder, openModel } from "../openModel.ts";
import { printJson, printLines } from "../output.ts";

const defaultTop = 10;

interface Found {
  readonly query: string;
  readonly nearest: ReadonlyArray<{ readonly row: number; readonly text: string; readonly cosine: number }>;
}

export async function nearest(invocation: Invocation): Promise<number> {
  const [written, path, ...given] = invocation.operands as [string, string, ...Array<string>];
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
  const queries = await inputTexts(invocation, given);
  const { embedTexts } = await import("../embedTexts.ts");
  const values = await embedTexts(model, opened.tokenizer, queries, choice);
  const found = lookUp(queries, values, encoded, numberOf(invocation, "top") ?? defaultTop);
  if (isOn(invocation, "json")) printJson(found);
  else printLines(found.flatMap((each, i) => linesOf(each, i, found.length > 1)));
  return exitCodes.done;
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

function lookUp(
  queries: ReadonlyArray<string>,
  values: Float32Array,
  { texts, dimension, values: rows }: EncodedTexts,
  top: number,
): ReadonlyArray<Found> {
  const each = nearestRows(values, rows, dimension, top);
  return queries.map((query, i) => ({
    query,
    nearest: each[i]!.map(({ row, cosine }) => ({ row, text: texts[row]!, cosine })),
  }));
}

const linesOf = ({ query, nearest }: Found, i: number, several: boolean): ReadonlyArray<string> => [
  ...(several ? [`${i === 0 ? "" : "\n"}${query}`] : []),
  ...nearest.map(({ text, cosine }) => `${several ? "  " : ""}${cosine.toFixed(4).padStart(7)}  ${text}`),
];
