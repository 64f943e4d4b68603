/** Texts → ids, by Hugging Face's own tokenizers in JavaScript. */
import type { Tokenizer } from "../artifact/index.ts";
import { raggedFrom, type Ragged } from "../nn/Ragged.ts";

/** Turns one text into ids, without special tokens. */
export type TextEncoder = (text: string) => ReadonlyArray<number>;

/**
 * Makes the function that turns texts into ids. An empty text has no ids; a special token written out in a text (`[SEP]`)
 * becomes its id, as in the reference implementation.
 *
 * @throws Error when the file asks for a normalizer or pre-tokenizer that is not supported, with its name.
 */
export async function textEncoder(tokenizer: Tokenizer): Promise<TextEncoder> {
  const library = await import("@huggingface/tokenizers");
  const engine = new library.Tokenizer({ ...tokenizer.json, post_processor: null }, {}) as Encodes;
  const spaced = spacesIdeographs(tokenizer);
  return (text) => {
    const { ids } = engine.encode(spaced ? spaceAstralIdeographs(text) : text, { add_special_tokens: false });
    return ids.map((id) => id ?? tokenizer.special.unknown);
  };
}

/** What is used of the library, whose own declarations do not resolve under `nodenext`. */
interface Encodes {
  readonly encode: (
    text: string,
    options: { readonly add_special_tokens: boolean },
  ) => { readonly ids: ReadonlyArray<number | undefined> };
}

/** All texts in order. */
export async function encodeTexts(tokenizer: Tokenizer, texts: ReadonlyArray<string>): Promise<Ragged> {
  const encode = await textEncoder(tokenizer);
  return raggedFrom(texts.map(encode));
}

function spacesIdeographs({ json }: Tokenizer): boolean {
  const normalizer = json["normalizer"] as { readonly type?: string; readonly handle_chinese_chars?: boolean } | null;
  return normalizer?.type === "BertNormalizer" && normalizer.handle_chinese_chars === true;
}

/** The library puts spaces around ideographs of the basic plane only; the reference does so for these planes too. */
const spaceAstralIdeographs = (text: string): string =>
  text.replace(
    /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu,
    " $& ",
  );
