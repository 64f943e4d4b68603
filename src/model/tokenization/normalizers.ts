/** Normalizers: what a text goes through before it is cut. One maker for each type that `tokenizer.json` may name. */
import type { Json } from "../../core/canonicalJson.ts";
import { bytesAsCharacters } from "./byteCharacters.ts";
import { inClass, isPlain, lowercased, normalForm, whiteSpace, type NormalForm } from "./characters.ts";
import { readPrecompiled } from "./precompiled.ts";
import { type Settings, StepBuilder } from "./StepBuilder.ts";

export type Normalizer = (text: string) => string;

export const makeNormalizer = (json: Json | undefined, builder: StepBuilder): Normalizer =>
  builder.make("normalizer", json, kinds, unchanged);

const unchanged: Normalizer = (text) => text;
const form = (name: NormalForm) => (): Normalizer => (text) => (isPlain(text) ? text : normalForm(text, name));

const kinds: { readonly [type: string]: (settings: Settings, builder: StepBuilder) => Normalizer } = {
  BertNormalizer: bertNormalizer,
  NFC: form("NFC"),
  NFD: form("NFD"),
  NFKC: form("NFKC"),
  NFKD: form("NFKD"),
  Lowercase: () => lowercased,
  StripAccents: () => dropping("combiningMarks"),
  Strip: stripNormalizer,
  Prepend: (settings, builder) => {
    const prefix = builder.text(settings, "prepend");
    return (text) => (text === "" ? "" : prefix + text);
  },
  Replace: (settings, builder) => {
    const pattern = builder.pattern(settings);
    const content = builder.text(settings, "content");
    return (text) => text.replace(pattern, () => content);
  },
  Precompiled: (settings, builder) => readPrecompiled(builder.text(settings, "precompiled_charsmap", ""), builder),
  Nmt: () => nmtNormalizer,
  ByteLevel: () => bytesAsCharacters,
  Sequence: (settings, builder) => {
    const steps = builder.steps(settings, "normalizers").map((step) => makeNormalizer(step, builder));
    return (text) => steps.reduce((normalized, step) => step(normalized), text);
  },
};

function dropping(name: "combiningMarks" | "nonspacingMarks"): Normalizer {
  const pattern = new RegExp(`[${inClass(name)}]+`, "gu");
  return (text) => (isPlain(text) ? text : text.replace(pattern, ""));
}

/** BERT's: cleaning, spaces around ideographs, then accents off, then lower case; `strip_accents` left out goes with `lowercase`. */
function bertNormalizer(settings: Settings, builder: StepBuilder): Normalizer {
  const lowercase = builder.flag(settings, "lowercase", true);
  const steps: Array<Normalizer> = [];
  if (builder.flag(settings, "clean_text", true)) steps.push(cleaning());
  if (builder.flag(settings, "handle_chinese_chars", true)) {
    const ideograph = new RegExp(`[${inClass("ideographs")}]`, "gu");
    steps.push((text) => text.replace(ideograph, " $& "));
  }
  if (builder.flag(settings, "strip_accents", lowercase)) {
    const unmarked = dropping("nonspacingMarks");
    steps.push((text) => unmarked(normalForm(text, "NFD")));
  }
  if (lowercase) steps.push(lowercased);
  const forPlain = lowercase ? lowercased : unchanged;
  return (text) => (isPlain(text) ? forPlain(text) : steps.reduce((normalized, step) => step(normalized), text));
}

function cleaning(): Normalizer {
  const removed = new RegExp(`[${inClass("removedByCleaning")}]+`, "gu");
  const space = new RegExp(`[${whiteSpace}]`, "gu");
  return (text) => text.replace(removed, "").replace(space, " ");
}

function stripNormalizer(settings: Settings, builder: StepBuilder): Normalizer {
  const left = builder.flag(settings, "strip_left", true);
  const right = builder.flag(settings, "strip_right", true);
  const ends = [...(left ? [`^[${whiteSpace}]+`] : []), ...(right ? [`(?<![${whiteSpace}])[${whiteSpace}]+$`] : [])];
  if (ends.length === 0) return unchanged;
  const pattern = new RegExp(ends.join("|"), "gu");
  return (text) => text.replace(pattern, "");
}

/** What SentencePiece's `nmt` rules do to control characters and rare spaces. */
const nmtNormalizer: Normalizer = (text) =>
  text
    // oxlint-disable-next-line no-control-regex -- control characters are what is dropped here
    .replace(/[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]+/g, "")
    .replace(/[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g, " ");
