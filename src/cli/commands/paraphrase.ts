/** `pipeline paraphrase MODEL TEXT…`: other words for texts, with an encoder of `train-simbert`, the nearest first. */
import { type Invocation, isOn, numberOf, UsageError, valueOf } from "../commandLine.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { paraphraseDefaults as defaults } from "../../inference/paraphraseFields.ts";
import type { Paraphrase, ParaphraseOptions } from "../../inference/paraphraseTexts.ts";
import { inputTexts } from "../inputTexts.ts";
import { asBiEncoder, openModel } from "../openModel.ts";
import { printJson, printLines } from "../output.ts";

export async function paraphrase(invocation: Invocation): Promise<number> {
  const options = optionsOf(invocation);
  const seed = numberOf(invocation, "seed") ?? 1;
  const choice = chosenEngine(invocation);
  const [written, ...given] = invocation.operands as [string, ...Array<string>];
  const { model: opened, tokenizer } = await openModel(invocation, "write");
  const model = asBiEncoder({ model: opened, tokenizer }, written);
  const { canWrite } = await import("../../inference/continueTexts.ts");
  if (!canWrite(model))
    throw new UsageError(
      "this model has no head that writes words",
      "name an encoder of train-simbert, or the folder it was exported to",
      written,
    );
  const maxTokens = longestText(invocation, model.config.maxPositions);
  const texts: Array<string> = [];
  for await (const part of inputTexts(invocation, given)) texts.push(...part);
  const { paraphraseTexts } = await import("../../inference/paraphraseTexts.ts");
  const { openEngine } = await import("../../engine/openEngine.ts");
  const { textIds } = await import("../../model/decodeIds.ts");
  const { randomKey } = await import("../../nn/random.ts");
  const engine = await openEngine(choice);
  try {
    const key = randomKey(seed, "paraphrase");
    const ids = await textIds(tokenizer);
    const found = await paraphraseTexts(model, texts, ids, engine, { ...options, maxTokens }, key);
    if (isOn(invocation, "json"))
      printJson(
        texts.map((text, row) => ({ text, paraphrases: found[row]!.map(({ text, cosine }) => ({ text, cosine })) })),
      );
    else printLines(texts.flatMap((text, row) => linesOf(text, found[row]!, texts.length > 1)));
  } finally {
    await engine.close();
  }
  return exitCodes.done;
}

/** In tokens; a text and its paraphrase are read together. Where nobody asked for a number, as many as there is room for. */
function longestText(invocation: Invocation, maxPositions: number): number {
  const asked = numberOf(invocation, "max-tokens");
  const room = Math.floor((maxPositions + 1) / 2);
  if (asked !== undefined && asked > room)
    throw new UsageError(
      `two texts of ${asked} tokens do not fit into the model's ${maxPositions} positions`,
      `--max-tokens ${room} is the most`,
    );
  return asked ?? Math.min(defaults.maxTokens, room);
}

function linesOf(text: string, paraphrases: ReadonlyArray<Paraphrase>, isOneOfMany: boolean): ReadonlyArray<string> {
  const lines = paraphrases.map(({ text, cosine }) => `${cosine.toFixed(4).padStart(7)}  ${text}`);
  const all = lines.length > 0 ? lines : ["nothing new was written"];
  return isOneOfMany ? [text, ...all.map((line) => `  ${line}`)] : all;
}

const optionsOf = (invocation: Invocation): Omit<ParaphraseOptions, "maxTokens"> => ({
  samples: numberOf(invocation, "samples") ?? defaults.samples,
  keep: numberOf(invocation, "top") ?? defaults.keep,
  topK: numberOf(invocation, "top-k") ?? defaults.topK,
  topP: topP(invocation),
});

function topP(invocation: Invocation): number {
  const text = valueOf(invocation, "top-p");
  const value = text === undefined ? defaults.topP : Number(text);
  if (text?.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new UsageError(`--top-p cannot be \`${text}\``, "it is a number from 0 to 1");
}
