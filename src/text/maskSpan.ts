/**
 * Random span masking of a raw text: some characters, words cut apart where it comes so, give way to a literal ` [MASK] `. What a
 * tokenizer makes of that is its business: BERT's knows the word, RoBERTa's spells it out.
 *
 * Source: Liu, Vulić, Korhonen, Collier, "Mirror-BERT", EMNLP 2021, and its released code (methods §3.1), whose characters are
 * Unicode's code points.
 */

/** Texts shorter than this, in characters, stay as they are. */
export const shortestMasked = 30;

/**
 * The text without `length` characters. Where the span that is drawn also stands earlier in the text, it is cut there.
 * @param length of the span in characters; 0, or one as long as the text: nothing is masked
 * @param draw 0 to below 1: where the span begins, anywhere from the start to `length` + 1 characters before the end
 */
export function maskSpan(text: string, length: number, draw: number): string {
  const characters = Array.from(text);
  if (length === 0 || characters.length < shortestMasked || characters.length <= length) return text;
  const start = Math.floor(draw * (characters.length - length));
  const span = characters.slice(start, start + length).join("");
  const at = text.indexOf(span);
  return `${text.slice(0, at)} [MASK] ${text.slice(at + span.length)}`;
}
