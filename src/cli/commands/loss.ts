/**
 * `pipeline loss [NAME] < numbers.json`: the value and the gradients of a loss at given numbers, so that what trains can be
 * checked by hand; the list of losses, or what one takes.
 */
import { readFileSync } from "node:fs";
import { text as streamText } from "node:stream/consumers";
import { nameHint, quoted } from "../../core/suggest.ts";
import { type Invocation, isOn, UsageError, valueOf } from "../commandLine.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines } from "../output.ts";

export async function loss(invocation: Invocation): Promise<number> {
  const [name] = invocation.operands;
  const { losses } = await import("../../nn/losses/index.ts");
  const { descriptionText, listText, lossJson } = await import("../lossText.ts");
  const json = isOn(invocation, "json");
  if (name === undefined) {
    if (json) printJson(losses.map(lossJson));
    else printLines(listText(losses));
    return exitCodes.done;
  }
  const chosen = losses.find((each) => each.name === name);
  const names = losses.map((each) => each.name);
  if (chosen === undefined) throw new UsageError(`there is no loss ${quoted(name)}`, nameHint(name, names, "losses"));
  if (isOn(invocation, "describe")) {
    if (json) printJson(lossJson(chosen));
    else printLines(descriptionText(chosen));
    return exitCodes.done;
  }
  const choice = chosenEngine(invocation);
  const { text, place } = await numbersFrom(invocation, name);
  const { readLossNumbers } = await import("../lossNumbers.ts");
  const given = readLossNumbers(chosen, text, place);
  const { evaluateLoss } = await import("../evaluateLoss.ts");
  printJson(await evaluateLoss(chosen, given, choice));
  return exitCodes.done;
}

async function numbersFrom(invocation: Invocation, name: string): Promise<{ text: string; place: string }> {
  const path = valueOf(invocation, "input") ?? "-";
  if (path === "-" && process.stdin.isTTY)
    throw new UsageError("there are no numbers", `pipeline loss ${name} < numbers.json; --describe says what they are`);
  const place = path === "-" ? "standard input" : path;
  try {
    return { text: path === "-" ? await streamText(process.stdin) : readFileSync(path, "utf8"), place };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`this cannot be read (${code})`, "wanted is a JSON file of numbers", place);
  }
}
