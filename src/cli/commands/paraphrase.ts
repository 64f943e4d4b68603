/** `pipeline paraphrase MODEL TEXT…`: other words for texts, with an encoder of `train-simbert`, the nearest first. */
import { type Invocation, isOn, UsageError, valueOf } from "../commandLine.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { paraphraseDefaults as defaults } from "../../inference/paraphraseFields.ts";
import type { Paraphrase, ParaphraseOptions } from "../../inference/paraphraseTexts.ts";
import { inputTexts } from "../inputTexts.ts";
import { asBiEncoder, openModel } from "../openModel.ts";
import { printJson, printLines } from "../output.ts";

export async function paraphrase(invocation: Invocation): Promise<number> {
  const options = optionsOf(invocation);
  const seed = numberOf(invocation, "seed", 1, { least: 0, isWhole: true });
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
  const texts: Array<string> = [];
  for await (const part of inputTexts(invocation, given)) texts.push(...part);
  const { paraphraseTexts } = await import("../../inference/paraphraseTexts.ts");
  const { openEngine } = await import("../../engine/openEngine.ts");
  const { textIds } = await import("../../model/decodeIds.ts");
  const { randomKey } = await import("../../nn/random.ts");
  const engine = await openEngine(choice);
  try {
    const key = randomKey(seed, "paraphrase");
    const found = await paraphraseTexts(
      model,
      texts,
      await textIds(tokenizer),
      engine,
      fitting(options, model.config.maxPositions),
      key,
    );
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

/** As many tokens as two texts have room for, where nobody asked for a number. */
const fitting = (options: ParaphraseOptions, maxPositions: number): ParaphraseOptions => ({
  ...options,
  maxTokens: Math.min(options.maxTokens, Math.floor((maxPositions + 1) / 2)),
});

function linesOf(text: string, paraphrases: ReadonlyArray<Paraphrase>, isOneOfMany: boolean): ReadonlyArray<string> {
  const lines = paraphrases.map(({ text, cosine }) => `${cosine.toFixed(4).padStart(7)}  ${text}`);
  const all = lines.length > 0 ? lines : ["nothing new was written"];
  return isOneOfMany ? [text, ...all.map((line) => `  ${line}`)] : all;
}

const optionsOf = (invocation: Invocation): ParaphraseOptions => ({
  samples: numberOf(invocation, "samples", defaults.samples, { least: 1, isWhole: true }),
  keep: numberOf(invocation, "top", defaults.keep, { least: 1, isWhole: true }),
  topK: numberOf(invocation, "top-k", defaults.topK, { least: 1, isWhole: true }),
  topP: numberOf(invocation, "top-p", defaults.topP, { least: 0, most: 1 }),
  maxTokens: numberOf(invocation, "max-tokens", defaults.maxTokens, { least: 3, isWhole: true }),
});

interface Range {
  readonly least: number;
  readonly most?: number;
  readonly isWhole?: boolean;
}

function numberOf(
  invocation: Invocation,
  name: string,
  absent: number,
  { least, most, isWhole = false }: Range,
): number {
  const text = valueOf(invocation, name);
  if (text === undefined) return absent;
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= (most ?? Infinity) && (!isWhole || Number.isInteger(value)))
    return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw new UsageError(
    `--${name} is ${JSON.stringify(text)}`,
    `wanted is ${kind} from ${least}${most === undefined ? " on" : ` to ${most}`}`,
  );
}
