/** `pipeline encode MODEL [TEXT…]`: embeddings as JSON, CSV, Arrow (for `pipeline nearest`) or npy, on stdout or into a file. */
import { extname } from "node:path";
import { type Invocation, isOn, UsageError, valueOf } from "../commandLine.ts";
import { type EmbeddingFormat, embeddingFormats, formatEmbeddings } from "../embeddingFormats.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import type { Precision } from "../../inference/options.ts";
import { embeddingDimension } from "../../nn/EncoderModel.ts";
import { inputTexts } from "../inputTexts.ts";
import { asBiEncoder, openModel } from "../openModel.ts";
import { writeOut } from "../output.ts";
import { writeFileWhole } from "../outputFile.ts";
import { countOnTerminal } from "../countOnTerminal.ts";

export async function encode(invocation: Invocation): Promise<number> {
  const to = valueOf(invocation, "to");
  const format = wantedFormat(invocation, to);
  const choice = chosenEngine(invocation);
  const [written, ...given] = invocation.operands as [string, ...Array<string>];
  const opened = await openModel(invocation, "embed");
  const model = asBiEncoder(opened, written);
  const texts = inputTexts(invocation, given);
  const { embedTexts } = await import("../embedTexts.ts");
  const { modelIdentity } = await import("../../model/modelIdentity.ts");
  const counter = countOnTerminal("texts", to !== undefined);
  // The command line takes these two names alone.
  const precision = (valueOf(invocation, "precision") ?? "float32") as Precision;
  const embedded = embedTexts({ model, tokenizer: opened.tokenizer, choice, precision }, texts, counter.show);
  const pieces = formatEmbeddings(format, embedded, embeddingDimension(model), async () => modelIdentity(model));
  try {
    if (to !== undefined) await writeFileWhole(to, pieces);
    else for await (const piece of pieces) writeOut(piece);
  } finally {
    counter.clear();
  }
  return exitCodes.done;
}

function wantedFormat(invocation: Invocation, to: string | undefined): EmbeddingFormat {
  const asked = valueOf(invocation, "format");
  if (isOn(invocation, "json") && asked !== undefined && asked !== "json")
    throw new UsageError(`--json does not go with --format ${asked}`, "keep one of them");
  const format = asked ?? (isOn(invocation, "json") ? "json" : formatOf(to));
  if (["arrow", "npy"].includes(format) && to === undefined && process.stdout.isTTY)
    throw new UsageError(`${format} is of no use on a terminal`, "write it to a file: --to PATH");
  return format as EmbeddingFormat;
}

/** As the file's name ends; JSON where it has no ending, or there is no file. */
function formatOf(to: string | undefined): EmbeddingFormat {
  const ending = extname(to ?? "").slice(1);
  const found = embeddingFormats.find((format) => format === ending);
  if (found === undefined && ending !== "")
    throw new UsageError(
      `a name that ends in .${ending} does not say which format is wanted`,
      `end it in .${embeddingFormats.join(", .")}, or say --format`,
      to,
    );
  return found ?? "json";
}
