/**
 * Tokenizers whose folder has no `tokenizer.json`: BERT's from `vocab.txt`, RoBERTa's from `vocab.json` and `merges.txt`. What they
 * leave unsaid is what transformers takes for these kinds (5.24, `BertTokenizer` and `RobertaTokenizer`).
 */
import type { Json } from "../core/canonicalJson.ts";
import { ModelProblem } from "./ModelProblem.ts";

export type JsonObject = { readonly [key: string]: Json };

/** What may be given about a tokenizer beside its vocabulary: `tokenizer_config.json`. */
type Config = { readonly [key: string]: unknown };

/** @param text a token a line; the line's number, from 0, is its id */
export function tokenizerOfVocabulary(text: string, config: Config): JsonObject {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  const ids = new Map(lines.map((token, id) => [token, id]));
  const flag = (key: string, absent: boolean): boolean => (typeof config[key] === "boolean" ? config[key] : absent);
  return {
    version: "1.0",
    added_tokens: specialTokens(ids, config, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: flag("tokenize_chinese_chars", true),
      strip_accents: typeof config["strip_accents"] === "boolean" ? config["strip_accents"] : null,
      lowercase: flag("do_lower_case", true),
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: tokenOf(config["unk_token"])?.content ?? "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}

/**
 * @param vocabulary the contents of `vocab.json`, token → id
 * @param merges the contents of `merges.txt`, a pair a line, under a first line that begins with `#version`
 * @param path of the folder, for messages
 */
export function tokenizerOfMerges(vocabulary: Config, merges: string, config: Config, path: string): JsonObject {
  const lines = merges.split("\n").map((line) => line.replace(/\r$/, ""));
  const pairs = lines.filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
  const odd = pairs.find((line) => line.split(" ").length !== 2);
  if (odd !== undefined)
    throw new ModelProblem(
      `${path}/merges.txt`,
      `${path}/merges.txt has the line ${JSON.stringify(odd)}, which is not two tokens with a space between`,
      "take the merges.txt of a byte-level BPE, as save_pretrained writes it",
    );
  const ids = new Map(Object.entries(vocabulary as { readonly [token: string]: number }));
  return {
    version: "1.0",
    added_tokens: specialTokens(ids, config, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
    normalizer: null,
    pre_tokenizer: {
      type: "ByteLevel",
      add_prefix_space: config["add_prefix_space"] === true,
      trim_offsets: true,
      use_regex: true,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      // Cast: readTokenizer checks that these are numbers.
      vocab: vocabulary as JsonObject,
      merges: pairs.map((line) => line.split(" ")),
    },
  };
}

interface SpecialToken {
  readonly content: string;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly single_word: boolean;
  readonly normalized: boolean;
}

/** A token as configs write it: its text, or an object with flags. */
function tokenOf(written: unknown): SpecialToken | undefined {
  if (typeof written !== "string" && (typeof written !== "object" || written === null)) return undefined;
  const object = (typeof written === "string" ? { content: written } : written) as Partial<SpecialToken>;
  if (typeof object.content !== "string") return undefined;
  const { content, lstrip = false, rstrip = false, single_word = false, normalized = false } = object;
  return { content, lstrip, rstrip, single_word, normalized };
}

const specialKeys = ["pad_token", "unk_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token"];

/** Those the config names and the kind's usual ones that are in the vocabulary, by id. */
function specialTokens(ids: ReadonlyMap<string, number>, config: Config, usual: ReadonlyArray<string>): Json {
  const named = specialKeys.map((key) => tokenOf(config[key])).filter((token) => token !== undefined);
  const all = new Map([...usual.map((content) => tokenOf(content)!), ...named].map((token) => [token.content, token]));
  return [...all.values()]
    .flatMap((token) => {
      const id = ids.get(token.content);
      return id === undefined ? [] : [{ id, ...token, special: true }];
    })
    .toSorted((one, other) => one.id - other.id);
}
