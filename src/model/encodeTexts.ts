/** Texts → ids, equal to those of Hugging Face's reference tokenizers. */
import type { Tokenizer } from "../artifact/index.ts";
import { raggedFrom, type Ragged } from "../nn/Ragged.ts";
import { compileTokenizer, type TextEncoder } from "./tokenization/compileTokenizer.ts";

export type { TextEncoder } from "./tokenization/compileTokenizer.ts";

/**
 * Makes the function that turns texts into ids. An empty text has no ids; a special token written out in a text (`[SEP]`)
 * becomes its id, as in the reference implementation.
 *
 * @throws Error naming all that the tokenizer asks for and is not supported.
 */
export async function textEncoder(tokenizer: Tokenizer): Promise<TextEncoder> {
  const problems: Array<string> = [];
  const encode = await compileTokenizer(tokenizer.json, problems);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return encode;
}

/** All texts in order. */
export async function encodeTexts(tokenizer: Tokenizer, texts: ReadonlyArray<string>): Promise<Ragged> {
  const encode = await textEncoder(tokenizer);
  return raggedFrom(texts.map(encode));
}
