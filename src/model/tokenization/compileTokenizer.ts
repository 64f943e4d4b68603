/**
 * A `tokenizer.json` as a function from texts to ids, equal to the reference implementation (Hugging Face's `tokenizers` in Rust):
 * added tokens are found, the rest is normalized, cut into pieces, and each piece becomes ids.
 *
 * The steps are our own. `@huggingface/tokenizers`, the same in JavaScript, differs from the reference on texts that corpora hold
 * (docs/adr/0016); what is used of it is the translation of Oniguruma's regular expressions, which `Split` and `Replace` are
 * written in.
 */
import type { TokenizerJson } from "../../artifact/index.ts";
import type { Json } from "../../core/canonicalJson.ts";
import { addedTokenFinder, readAddedTokens, type AddedToken } from "./addedTokens.ts";
import { makeModel } from "./models.ts";
import { makeNormalizer, type Normalizer } from "./normalizers.ts";
import { makePreTokenizer } from "./preTokenizers.ts";
import { StepBuilder, type Translate } from "./StepBuilder.ts";

/** Turns one text into ids, without special tokens. */
export type TextEncoder = (text: string) => ReadonlyArray<number>;

/** Pushes a clause onto `problems` for each thing in the file that is not supported. */
export async function compileTokenizer(json: TokenizerJson, problems: Array<string>): Promise<TextEncoder> {
  const builder = new StepBuilder(problems, await translator(json));
  const normalize = makeNormalizer(json["normalizer"], builder);
  const preTokenize = makePreTokenizer(json["pre_tokenizer"], builder);
  const added = readAddedTokens(json["added_tokens"]);
  const model = makeModel(json["model"], new Map(added.map(({ content, id }) => [content, id])), builder);
  const asWritten = finder(added, false, unchanged);
  const asNormalized = finder(added, true, normalize);
  return (text) => {
    const ids: Array<number> = [];
    for (const section of asWritten(text.toWellFormed())) {
      if (typeof section === "number") ids.push(section);
      else
        for (const part of asNormalized(normalize(section.text))) {
          if (typeof part === "number") ids.push(part);
          else
            for (const piece of preTokenize(part.text, section.start + part.start === 0))
              if (piece !== "") for (const id of model(piece)) ids.push(id);
        }
    }
    return ids;
  };
}

/** The steps of a text before the model: its normalizer, then its pre-tokenizer, as a trainer of vocabularies counts words. */
export async function compileCutter(json: TokenizerJson): Promise<(text: string) => ReadonlyArray<string>> {
  const problems: Array<string> = [];
  const builder = new StepBuilder(problems, await translator(json));
  const [normalize, cut] = [
    makeNormalizer(json["normalizer"], builder),
    makePreTokenizer(json["pre_tokenizer"], builder),
  ];
  return (text) => {
    const normalized = normalize(text);
    return normalized === "" ? [] : cut(normalized, true);
  };
}

const unchanged: Normalizer = (text) => text;

const finder = (added: ReadonlyArray<AddedToken>, normalized: boolean, normalize: Normalizer) =>
  addedTokenFinder(
    added.filter((token) => token.normalized === normalized),
    (token) => normalize(token.content),
  );

/** The library is loaded only for files that have a regular expression in them. */
async function translator(json: TokenizerJson): Promise<Translate> {
  if (!hasRegex(json["normalizer"]) && !hasRegex(json["pre_tokenizer"])) return () => /$^/gu;
  // Cast: the library's own declarations do not resolve under `nodenext`.
  const { SplitPreTokenizer } = (await import("@huggingface/tokenizers")) as unknown as {
    readonly SplitPreTokenizer: new (settings: object) => { readonly pattern: RegExp };
  };
  return (regex) => new SplitPreTokenizer({ pattern: { Regex: regex }, invert: false }).pattern;
}

const hasRegex = (json: Json | undefined): boolean =>
  typeof json === "object" &&
  json !== null &&
  Object.entries(json as { readonly [key: string]: Json }).some(([key, value]) => key === "Regex" || hasRegex(value));
