/**
 * Added tokens: special ones written out in a text (`[SEP]`) and words given their own id after training. They are found before
 * anything else, in the text as written or, where the token is `normalized`, in the normalized one.
 */
import type { Json } from "../../core/canonicalJson.ts";
import { inClass, whiteSpace } from "./characters.ts";

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no letter or digit stands beside it. */
  readonly single_word: boolean;
  /** Takes the white space to its left with it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

/** The `added_tokens` of a `tokenizer.json`, with what is left out filled in. */
export function readAddedTokens(list: Json | undefined): ReadonlyArray<AddedToken> {
  if (!Array.isArray(list)) return [];
  // Cast: readTokenizer has seen that they are objects with content and id.
  return (list as unknown as ReadonlyArray<Written>).map((token) => ({
    id: token.id,
    content: token.content,
    single_word: token.single_word ?? false,
    lstrip: token.lstrip ?? false,
    rstrip: token.rstrip ?? false,
    normalized: token.normalized ?? token.special !== true,
  }));
}

type Written = Pick<AddedToken, "id" | "content"> & Partial<AddedToken> & { readonly special?: boolean };

/** A piece of a text between added tokens, with where it began; or the id of such a token. */
export type Section = number | { readonly text: string; readonly start: number };

/**
 * Makes the function that finds `tokens` in a text: leftmost first, of several there the longest.
 *
 * @param written the content to look for, which is the normalized one for tokens that are
 */
export function addedTokenFinder(
  tokens: ReadonlyArray<AddedToken>,
  written: (token: AddedToken) => string,
): (text: string) => ReadonlyArray<Section> {
  const byContent = new Map(tokens.map((token) => [written(token), token]));
  byContent.delete("");
  if (byContent.size === 0) return (text) => (text === "" ? [] : [{ text, start: 0 }]);
  const contents = [...byContent.keys()].toSorted((one, other) => other.length - one.length);
  const pattern = new RegExp(
    contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|"),
    "gu",
  );
  return (text) => {
    const sections: Array<Section> = [];
    let from = 0;
    for (const match of text.matchAll(pattern)) {
      const token = byContent.get(match[0])!;
      let [start, end] = [match.index, match.index + match[0].length];
      if (token.single_word && (wordBefore().test(text.slice(0, start)) || wordAfter().test(text.slice(end)))) continue;
      if (token.lstrip) start = Math.max(from, start - spaceBefore.exec(text.slice(0, start))![0].length);
      if (token.rstrip) end += spaceAfter.exec(text.slice(end))![0].length;
      if (start > from) sections.push({ text: text.slice(from, start), start: from });
      sections.push(token.id);
      from = end;
    }
    if (from < text.length) sections.push({ text: text.slice(from), start: from });
    return sections;
  };
}

const spaceBefore = new RegExp(`(?:(?<![${whiteSpace}])[${whiteSpace}]+)?$`, "u");
const spaceAfter = new RegExp(`^[${whiteSpace}]*`, "u");
/** Made when they are first asked for: the class is long. */
let before: RegExp | undefined;
let after: RegExp | undefined;
const wordBefore = (): RegExp => (before ??= new RegExp(`[${inClass("wordCharacters")}]$`, "u"));
const wordAfter = (): RegExp => (after ??= new RegExp(`^[${inClass("wordCharacters")}]`, "u"));
