/** `pipeline similarity MODEL A B`: one number: the cosine of two embeddings, or a cross-encoder's probability for (A, B). */
import { type Invocation, isOn } from "../commandLine.ts";
import { chosenEngine } from "../engineChoice.ts";
import { exitCodes } from "../exitCodes.ts";
import { openModel } from "../openModel.ts";
import { printJson, printLines } from "../output.ts";

export async function similarity(invocation: Invocation): Promise<number> {
  const [, a, b] = invocation.operands as [string, string, string];
  const choice = chosenEngine(invocation);
  const opened = await openModel(invocation, "score");
  const { scoreTexts } = await import("../embedTexts.ts");
  const score = await scoreTexts(opened, [a, b], choice);
  const range = opened.model.kind === "bi-encoder" ? "cosine" : "probability";
  if (isOn(invocation, "json")) printJson({ a, b, score, range });
  else printLines([score.toFixed(4)]);
  return exitCodes.done;
}
