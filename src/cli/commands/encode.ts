/** `pipeline encode MODEL [TEXT…]`: embeddings as JSON, CSV, Arrow (for `pipeline nearest`) or npy, on stdout or into a file. */
import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import { writeEncodedTexts } from "../../artifact/encodedTexts.ts";
import { type Invocation, isOn, UsageError, valueOf } from "../commandLine.ts";
import { type EmbeddedTexts, embeddingsAsCsv, embeddingsAsJson, embeddingsAsNpy } from "../embeddingFormats.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { inputTexts } from "../inputTexts.ts";
import { asBiEncoder, openModel } from "../openModel.ts";
import { writeOut, writeOutBytes } from "../output.ts";

export async function encode(invocation: Invocation): Promise<number> {
  const to = valueOf(invocation, "to");
  const format = wantedFormat(invocation, to);
  const choice = chosenEngine(invocation);
  const [written, ...given] = invocation.operands as [string, ...Array<string>];
  const opened = await openModel(invocation, "embed");
  const model = asBiEncoder(opened, written);
  const texts = await inputTexts(invocation, given);
  const { embedTexts } = await import("../embedTexts.ts");
  const values = await embedTexts(model, opened.tokenizer, texts, choice);
  const embedded = { texts, dimension: model.config.hiddenSize, values };
  const content = await contentOf(embedded, format, async () =>
    (await import("../../model/modelIdentity.ts")).modelIdentity(model),
  );
  if (to !== undefined) writeTo(to, content);
  else if (typeof content === "string") writeOut(content);
  else writeOutBytes(content);
  return exitCodes.done;
}

function wantedFormat(invocation: Invocation, to: string | undefined): string {
  const asked = valueOf(invocation, "format");
  if (isOn(invocation, "json") && asked !== undefined && asked !== "json")
    throw new UsageError(`--json does not go with --format ${asked}`, "keep one of them");
  const ending = extname(to ?? "").slice(1);
  const format = asked ?? (["csv", "arrow", "npy"].includes(ending) && !isOn(invocation, "json") ? ending : "json");
  if (["arrow", "npy"].includes(format) && to === undefined && process.stdout.isTTY)
    throw new UsageError(`${format} is of no use on a terminal`, "write it to a file: --to PATH");
  return format;
}

async function contentOf(
  embedded: EmbeddedTexts,
  format: string,
  identity: () => Promise<string>,
): Promise<string | Uint8Array> {
  if (format === "csv") return embeddingsAsCsv(embedded);
  if (format === "npy") return embeddingsAsNpy(embedded);
  if (format === "arrow") return writeEncodedTexts({ ...embedded, model: await identity() });
  return embeddingsAsJson(embedded);
}

function writeTo(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new UsageError(
      `cannot write there (${(error as NodeJS.ErrnoException).code})`,
      "check that its folder is there and may be written to",
      path,
    );
  }
}
