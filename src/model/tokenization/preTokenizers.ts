/** Pre-tokenizers: how a normalized text is cut into the pieces that the model works on, one maker for each supported type. */
import type { Json } from "../../core/canonicalJson.ts";
import { bytesAsCharacters } from "./byteCharacters.ts";
import { inClass, whiteSpace } from "./characters.ts";
import { cutBehaviors, cutText } from "./cutText.ts";
import { type Settings, StepBuilder } from "./StepBuilder.ts";

/** `isStart`: the text is the beginning of all, which Metaspace's scheme `first` asks for. */
export type PreTokenizer = (text: string, isStart: boolean) => ReadonlyArray<string>;

export const makePreTokenizer = (json: Json | undefined, builder: StepBuilder): PreTokenizer =>
  builder.make("pre-tokenizer", json, kinds, whole);

const whole: PreTokenizer = (text) => [text];

const matches =
  (pattern: RegExp): PreTokenizer =>
  (text) =>
    text.match(pattern) ?? [];

const kinds: { readonly [type: string]: (settings: Settings, builder: StepBuilder) => PreTokenizer } = {
  BertPreTokenizer: () => {
    const punctuation = inClass("punctuation");
    return matches(new RegExp(`[^${whiteSpace}${punctuation}]+|[${punctuation}]`, "gu"));
  },
  ByteLevel: byteLevel,
  Metaspace: metaspace,
  Whitespace: () => {
    const word = inClass("wordCharacters");
    return matches(new RegExp(`[${word}]+|[^${word}${whiteSpace}]+`, "gu"));
  },
  WhitespaceSplit: () => matches(new RegExp(`[^${whiteSpace}]+`, "gu")),
  Punctuation: (settings, builder) => {
    const behavior = builder.oneOf(settings, "behavior", cutBehaviors, "Isolated");
    const pattern = new RegExp(`[${inClass("punctuation")}]`, "gu");
    return (text) => cutText(text, pattern, behavior);
  },
  Digits: (settings, builder) => {
    const behavior = builder.flag(settings, "individual_digits", false) ? "Isolated" : "Contiguous";
    const pattern = new RegExp(`[${inClass("digits")}]`, "gu");
    return (text) => cutText(text, pattern, behavior);
  },
  Split: (settings, builder) => {
    const pattern = builder.pattern(settings);
    const behavior = builder.oneOf(settings, "behavior", cutBehaviors, "Removed");
    const isInverted = builder.flag(settings, "invert", false);
    return (text) => cutText(text, pattern, behavior, isInverted);
  },
  CharDelimiterSplit: (settings, builder) => {
    const delimiter = builder.text(settings, "delimiter");
    return (text) => text.split(delimiter).filter((piece) => piece !== "");
  },
  FixedLength: (settings, builder) => matches(new RegExp(`[^]{1,${builder.count(settings, "length", 5)}}`, "gu")),
  Sequence: (settings, builder) => {
    const steps = builder.steps(settings, "pretokenizers").map((step) => makePreTokenizer(step, builder));
    return (text, isStart) => steps.reduce((pieces, step) => inTurn(step, pieces, isStart, text), [text]);
  },
};

/** Of several pieces only the first may be the start, and only where nothing was taken away before it. */
const inTurn = (step: PreTokenizer, pieces: ReadonlyArray<string>, isStart: boolean, text: string) =>
  pieces.flatMap((piece, i) => step(piece, isStart && i === 0 && text.startsWith(piece)));

/** GPT-2's: words with the space before them, numbers, other characters, white space; then bytes as characters. */
function byteLevel(settings: Settings, builder: StepBuilder): PreTokenizer {
  const addsSpace = builder.flag(settings, "add_prefix_space", true);
  const [letters, numbers] = [inClass("letters"), inClass("numbers")];
  const pattern = new RegExp(
    `'s|'t|'re|'ve|'m|'ll|'d| ?[${letters}]+| ?[${numbers}]+| ?[^${whiteSpace}${letters}${numbers}]+|` +
      `[${whiteSpace}]+(?![^${whiteSpace}])|[${whiteSpace}]+`,
    "gu",
  );
  const cut = builder.flag(settings, "use_regex", true) ? matches(pattern) : whole;
  return (text, isStart) => {
    const spaced = addsSpace && !text.startsWith(" ") ? ` ${text}` : text;
    return cut(spaced, isStart).map(bytesAsCharacters);
  };
}

/** SentencePiece's: spaces become ▁, one is put in front, and each ▁ begins a piece unless `split` is off. */
function metaspace(settings: Settings, builder: StepBuilder): PreTokenizer {
  const mark = builder.text(settings, "replacement", "▁");
  const isOff = !builder.flag(settings, "add_prefix_space", true);
  const scheme = builder.oneOf(settings, "prepend_scheme", ["always", "first", "never"], isOff ? "never" : "always");
  const cuts = builder.flag(settings, "split", true);
  const pattern = new RegExp(mark.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "gu");
  return (text, isStart) => {
    const marked = text.replaceAll(" ", mark);
    const isPrefixed = !marked.startsWith(mark) && (scheme === "always" || (scheme === "first" && isStart));
    const all = isPrefixed ? mark + marked : marked;
    return cuts ? cutText(all, pattern, "MergedWithNext") : [all];
  };
}
