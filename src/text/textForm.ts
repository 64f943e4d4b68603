/**
 * The form in which a benchmark gives its texts. The evaluators of the field do not agree on it, and a number should say which
 * it was made on (methods §8.2): Trans-Encoder and Mirror-BERT read raw text; SentEval (SimCSE, DiffCSE, BERT-flow) Moses'
 * tokens, of STS in lower case, of SICK as they are.
 */
import { mosesTokenize } from "./mosesTokenize.ts";

export const textForms = ["raw", "moses", "moses-lower"] as const;
export type TextForm = (typeof textForms)[number];

export function inTextForm(text: string, form: TextForm): string {
  if (form === "raw") return text;
  return form === "moses" ? mosesTokenize(text) : mosesTokenize(text).toLowerCase();
}
