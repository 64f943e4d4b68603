/**
 * How a model was taught to see pairs: in RoBERTa's form or in BERT's. It belongs to the tokenizer that came with it (a BERT may
 * have XLM-RoBERTa's), so `post_processor` of tokenizer.json says; where that says nothing, the architecture does.
 */
import type { Architecture, ModelConfig } from "../nn/EncoderModel.ts";
import { architectures } from "./architectures.ts";

type JsonObject = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null;

/** As a part of the config: nothing for BERT's form. */
export function readPairForm(postProcessor: unknown, architecture: Architecture): Pick<ModelConfig, "pairForm"> {
  const separators = separatorsOf(postProcessor) ?? (architectures[architecture].countsFromPadding ? 2 : 1);
  return separators === 2 ? { pairForm: "roberta" } : {};
}

/** Special tokens between the two texts; undefined where this is no step that puts any. */
function separatorsOf(step: unknown): number | undefined {
  if (!isObject(step)) return undefined;
  const steps = step["processors"];
  switch (step["type"]) {
    case "BertProcessing":
      return 1;
    case "RobertaProcessing":
      return 2;
    case "Sequence":
      return Array.isArray(steps) ? steps.map(separatorsOf).find((count) => count !== undefined) : undefined;
    case "TemplateProcessing":
      return separatorsOfTemplate(step["pair"]);
    default:
      return undefined;
  }
}

/** A template is a list of `{ Sequence: { id: "A" } }` and `{ SpecialToken: { id: "[SEP]" } }`. */
function separatorsOfTemplate(pair: unknown): number | undefined {
  if (!Array.isArray(pair)) return undefined;
  const place = (id: string) =>
    pair.findIndex((part) => isObject(part) && isObject(part["Sequence"]) && part["Sequence"]["id"] === id);
  const [first, second] = [place("A"), place("B")];
  return first < 0 || second < 0 ? undefined : second - first - 1;
}
