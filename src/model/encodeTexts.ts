/** Texts → ids, by Hugging Face's own tokenizers in JavaScript. */
import type { Tokenizer } from "../artifact/index.ts";
import type { Ragged } from "../nn/Ragged.ts";

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

/** All texts in order. `onProgress` is told the number of texts done, now and then. */
export async function encodeTexts(
  tokenizer: Tokenizer,
  texts: ReadonlyArray<string>,
  onProgress: (done: number) => void = () => {},
): Promise<Ragged> {
  const encode = await textEncoder(tokenizer);
  const offsets = new Int32Array(texts.length + 1);
  let values = new Int32Array(texts.length * 24 + 64);
  texts.forEach((text, row) => {
    const ids = encode(text);
    const start = offsets[row]!;
    if (start + ids.length > values.length) values = grown(values, start + ids.length);
    values.set(ids, start);
    offsets[row + 1] = start + ids.length;
    if ((row + 1) % 1000 === 0) onProgress(row + 1);
  });
  return { offsets, values: values.slice(0, offsets[texts.length]) };
}

function grown(values: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, values.length * 2));
  larger.set(values);
  return larger;
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
