/**
 * A tokenizer as other programs load it: tandem keeps what decides ids, loaders also want what we do in code, the special tokens
 * around a text (`[CLS] a [SEP]`, `[CLS] a [SEP] b [SEP]` or RoBERTa's form) and the longest input.
 */
import type { Tokenizer } from "../artifact/index.ts";
import type { Json } from "../core/canonicalJson.ts";
import type { ModelConfig, SpecialTokens } from "../nn/EncoderModel.ts";

type JsonObject = { readonly [key: string]: Json };

/** File name → its JSON, or its text. */
export type TextFiles = { readonly [name: string]: Json };

/** What a model decides of it: the form of pairs, and whether there are segments to tell apart. */
type Shape = Pick<ModelConfig, "pairForm" | "typeVocabSize">;

/** @param maxTokens longest input, special tokens included */
export function tokenizerFiles(tokenizer: Tokenizer, maxTokens: number, shape: Shape): TextFiles {
  const tokens = tokensById(tokenizer);
  const named = specialNames(tokenizer.special, tokens);
  return {
    "tokenizer.json": {
      ...tokenizer.json,
      truncation: { direction: "Right", max_length: maxTokens, strategy: "LongestFirst", stride: 0 },
      padding: null,
      post_processor: postProcessor(tokenizer.special, tokens, shape),
    },
    "tokenizer_config.json": {
      ...classSettings(tokenizer.json, shape),
      ...named,
      model_max_length: maxTokens,
      model_input_names: ["input_ids", ...(hasSegments(shape) ? ["token_type_ids"] : []), "attention_mask"],
      padding_side: "right",
      truncation_side: "right",
    },
    "special_tokens_map.json": named,
    ...vocabularyFiles(tokenizer, tokens),
  };
}

const asObject = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

function tokensById({ json }: Tokenizer): ReadonlyMap<number, string> {
  const vocab = asObject(json["model"])["vocab"];
  const listed: ReadonlyArray<[number, string]> = Array.isArray(vocab)
    ? vocab.map((entry: Json, id: number): [number, string] => [id, (entry as [string])[0]])
    : Object.entries(asObject(vocab)).map(([token, id]): [number, string] => [id as number, token]);
  const added = (json["added_tokens"] as ReadonlyArray<{ readonly id: number; readonly content: string }>).map(
    ({ id, content }): [number, string] => [id, content],
  );
  return new Map([...listed, ...added]);
}

function specialNames(special: SpecialTokens, tokens: ReadonlyMap<number, string>): { readonly [key: string]: string } {
  const of = (role: keyof SpecialTokens): string => tokens.get(special[role])!;
  return {
    unk_token: of("unknown"),
    sep_token: of("sep"),
    pad_token: of("pad"),
    cls_token: of("cls"),
    mask_token: of("mask"),
  };
}

const text = (id: "A" | "B", type: number): Json => ({ Sequence: { id, type_id: type } });

const hasSegments = ({ typeVocabSize }: Shape): boolean => typeVocabSize >= 2;

/** What `assembleSingle` and `assemblePair` do, in the words of tokenizer.json. */
function postProcessor({ cls, sep }: SpecialTokens, tokens: ReadonlyMap<number, string>, shape: Shape): Json {
  const isRoberta = shape.pairForm === "roberta";
  const second = hasSegments(shape) && !isRoberta ? 1 : 0;
  const special = (id: number, type: number): Json => ({ SpecialToken: { id: tokens.get(id)!, type_id: type } });
  const single = [special(cls, 0), text("A", 0), special(sep, 0)];
  const entry = (id: number): [string, Json] => {
    const token = tokens.get(id)!;
    return [token, { id: token, ids: [id], tokens: [token] }];
  };
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, ...(isRoberta ? [special(sep, 0)] : []), text("B", second), special(sep, second)],
    special_tokens: Object.fromEntries([entry(cls), entry(sep)]),
  };
}

/**
 * The class that loaders make. transformers builds a `BertTokenizer` from the vocabulary and these switches without a look at
 * tokenizer.json's steps, so only a tokenizer that has just BERT's steps, and its form of pairs, is called one.
 */
function classSettings(json: JsonObject, { pairForm }: Shape): JsonObject {
  const normalizer = asObject(json["normalizer"]);
  const model = asObject(json["model"]);
  const isBert =
    pairForm !== "roberta" &&
    model["type"] === "WordPiece" &&
    model["continuing_subword_prefix"] === "##" &&
    normalizer["type"] === "BertNormalizer" &&
    normalizer["clean_text"] === true &&
    asObject(json["pre_tokenizer"])["type"] === "BertPreTokenizer" &&
    (model["max_input_chars_per_word"] ?? 100) === 100 &&
    addsOnlySpecial(json);
  if (!isBert) return { tokenizer_class: "PreTrainedTokenizerFast" };
  return {
    tokenizer_class: "BertTokenizer",
    do_lower_case: normalizer["lowercase"] ?? true,
    strip_accents: normalizer["strip_accents"] ?? null,
    tokenize_chinese_chars: normalizer["handle_chinese_chars"] ?? true,
  };
}

/** Words added to a vocabulary, and flags of special tokens, are in tokenizer.json only. */
const addsOnlySpecial = (json: JsonObject): boolean =>
  (json["added_tokens"] as ReadonlyArray<{ readonly [key: string]: Json }>).every(
    ({ special, lstrip, rstrip, single_word, normalized }) =>
      special === true && [lstrip, rstrip, single_word, normalized].every((flag) => flag !== true),
  );

/** The vocabulary in the files of old, for programs that read no tokenizer.json. */
function vocabularyFiles({ json }: Tokenizer, tokens: ReadonlyMap<number, string>): TextFiles {
  const model = asObject(json["model"]);
  if (model["type"] === "WordPiece") return wordPieceFiles(tokens);
  const isByteLevel = model["type"] === "BPE" && asObject(json["pre_tokenizer"])["type"] === "ByteLevel";
  if (!isByteLevel || json["normalizer"] !== null) return {};
  const merges = model["merges"] as ReadonlyArray<readonly [string, string]>;
  const lines = ["#version: 0.2", ...merges.map((pair) => pair.join(" "))];
  return { "vocab.json": `${JSON.stringify(model["vocab"])}\n`, "merges.txt": `${lines.join("\n")}\n` };
}

/** `vocab.txt`: a token a line, its id the line's number; only where no id is left out. */
function wordPieceFiles(tokens: ReadonlyMap<number, string>): TextFiles {
  const lines = Array.from({ length: tokens.size }, (_, id) => tokens.get(id));
  if (lines.some((token) => token === undefined || /[\r\n]/.test(token))) return {};
  return { "vocab.txt": lines.map((token) => `${token}\n`).join("") };
}
