/**
 * `tokenizer.json` files of Hugging Face as tandem keeps them: checked, and reduced to what decides ids.
 *
 * Truncation, padding and the post-processor are dropped, since encoders add special tokens and truncate themselves; so two
 * files that differ only there are one tokenizer.
 */
import type { Json } from "../core/canonicalJson.ts";
import type { SpecialTokens } from "../nn/EncoderModel.ts";
import type { Tokenizer, TokenizerJson } from "../artifact/index.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { modelTypes } from "./tokenization/models.ts";
import { makeNormalizer } from "./tokenization/normalizers.ts";
import { makePreTokenizer } from "./tokenization/preTokenizers.ts";
import { StepBuilder } from "./tokenization/StepBuilder.ts";

type JsonObject = { readonly [key: string]: Json };

/** How families of models spell each role, BERT first. */
const roles: {
  readonly [Role in keyof SpecialTokens]: { readonly key: string; readonly spellings: ReadonlyArray<string> };
} = {
  pad: { key: "pad_token", spellings: ["[PAD]", "<pad>"] },
  unknown: { key: "unk_token", spellings: ["[UNK]", "<unk>"] },
  cls: { key: "cls_token", spellings: ["[CLS]", "<s>"] },
  sep: { key: "sep_token", spellings: ["[SEP]", "</s>"] },
  mask: { key: "mask_token", spellings: ["[MASK]", "<mask>"] },
};

/**
 * A tokenizer from the contents of `tokenizer.json` and, where there is one, `tokenizer_config.json`.
 *
 * @throws ModelProblem naming `path` and every thing that is missing or not supported.
 */
export function readTokenizer(json: unknown, config: unknown, path: string): Tokenizer {
  const problems: Array<string> = [];
  const object = asObject(json);
  const model = asObject(object?.["model"]);
  if (object === undefined || model === undefined)
    throw new ModelProblem(path, `${path} is no tokenizer.json: it has no "model"`, wanted);
  const type = model["type"];
  if (!modelTypes.some((known) => known === type))
    problems.push(`its model is of type ${JSON.stringify(type ?? null)}; ${modelTypes.join(", ")} are supported`);
  checkSteps(object, problems);
  const vocabulary = vocabularyOf(model, problems);
  for (const added of checkedTokens(object, problems)) vocabulary.set(added.content, added.id);
  const special = findSpecial(vocabulary, model, asObject(config) ?? {}, problems);
  if (problems.length > 0) throw new ModelProblem(path, `${path} cannot be used: ${problems.join("; ")}`, wanted);
  return { json: reduced(object, model), special };
}

const wanted = "take the tokenizer.json of a model of BERT's kind, as save_pretrained writes it";

/** Normalizer and pre-tokenizer are made once, for what in them is not supported. Their regular expressions wait for the first text. */
function checkSteps(object: JsonObject, problems: Array<string>): void {
  const builder = new StepBuilder(problems, () => /$^/gu);
  makeNormalizer(object["normalizer"], builder);
  makePreTokenizer(object["pre_tokenizer"], builder);
}

function reduced(object: JsonObject, model: JsonObject): TokenizerJson {
  const { truncation: _t, padding: _p, post_processor: _pp, ...rest } = object;
  const merges = model["merges"];
  // Older files write a merge as "a b", newer ones as ["a", "b"]: one tokenizer, so one form.
  const pairs = Array.isArray(merges)
    ? { merges: merges.map((merge: Json) => (typeof merge === "string" ? splitOnce(merge) : merge)) }
    : {};
  return {
    normalizer: null,
    pre_tokenizer: null,
    decoder: null,
    added_tokens: [],
    ...rest,
    model: { ...model, ...pairs },
  };
}

function splitOnce(merge: string): Json {
  const space = merge.indexOf(" ");
  return [merge.slice(0, space), merge.slice(space + 1)];
}

/** Token → id. A Map, for `toString` and `__proto__` are words. */
function vocabularyOf(model: JsonObject, problems: Array<string>): Map<string, number> {
  const vocab = model["vocab"];
  if (Array.isArray(vocab))
    return new Map(vocab.map((entry, id): [string, number] => [String((entry as [string])[0]), id]));
  const object = asObject(vocab);
  if (object === undefined || Object.keys(object).length === 0) {
    problems.push("it has no vocabulary");
    return new Map();
  }
  const entries = Object.entries(object);
  const bad = entries.find(([, id]) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (bad !== undefined) problems.push(`the id of ${JSON.stringify(bad[0])} is ${JSON.stringify(bad[1])}`);
  return new Map(entries as Array<[string, number]>);
}

const isAddedToken = ({ content, id }: { readonly content?: unknown; readonly id?: unknown }) =>
  typeof content === "string" && Number.isSafeInteger(id) && (id as number) >= 0;

function checkedTokens(object: JsonObject, problems: Array<string>) {
  const tokens = addedTokens(object);
  const odd = tokens.find((token) => !isAddedToken(token));
  if (odd === undefined) return tokens;
  problems.push(`its added token ${JSON.stringify(odd)} has no content or no id`);
  return [];
}

function addedTokens(object: JsonObject): ReadonlyArray<{ readonly content: string; readonly id: number }> {
  const added = object["added_tokens"];
  return Array.isArray(added) ? (added as Array<{ content: string; id: number }>) : [];
}

/** As the config says; else the model's own unknown token; else as families of models spell them. */
function findSpecial(
  vocabulary: ReadonlyMap<string, number>,
  model: JsonObject,
  config: JsonObject,
  problems: Array<string>,
): SpecialTokens {
  const find = (role: keyof SpecialTokens): number => {
    const { key, spellings } = roles[role];
    const configured = config[key];
    const content = typeof configured === "string" ? configured : asObject(configured)?.["content"];
    const tried =
      typeof content === "string" ? [content] : role === "unknown" ? unknownOf(model, spellings) : spellings;
    const id = tried.map((token) => vocabulary.get(token)).find((found) => found !== undefined);
    if (id === undefined) problems.push(`it has no ${key} (${tried.join(" or ")})`);
    return id ?? 0;
  };
  return { pad: find("pad"), unknown: find("unknown"), cls: find("cls"), sep: find("sep"), mask: find("mask") };
}

/** Unigram names its unknown token by number, the others by text. */
function unknownOf(model: JsonObject, spellings: ReadonlyArray<string>): ReadonlyArray<string> {
  const { unk_token: token, unk_id: id, vocab } = model;
  const entry = Array.isArray(vocab) && typeof id === "number" ? (vocab as ReadonlyArray<Json>)[id] : undefined;
  const named = Array.isArray(entry) ? entry[0] : token;
  return typeof named === "string" ? [named, ...spellings] : spellings;
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The number of ids a model needs for this tokenizer: its largest id plus one. */
export function vocabularySize({ json }: Tokenizer): number {
  const model = json["model"] as JsonObject;
  const vocab = model["vocab"]!;
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : (Object.values(vocab as JsonObject) as Array<number>);
  return [...ids, ...addedTokens(json).map((token) => token.id)].reduce((most, id) => Math.max(most, id), -1) + 1;
}
