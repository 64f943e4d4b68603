/** Ids against those of the reference implementation, recorded by test/golden/tokenizers/record.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/canonicalJson.ts";
import { textEncoder } from "../../src/model/encodeTexts.ts";
import { tokenizerFiles } from "../../src/model/exportTokenizer.ts";
import { readTokenizer } from "../../src/model/tokenizerJson.ts";
import { tokenizerOfMerges } from "../../src/model/vocabularyFiles.ts";
import { assemblePair, truncateLongestFirst } from "../../src/nn/assembleInput.ts";

interface Recorded {
  readonly texts: ReadonlyArray<string>;
  readonly variants: ReadonlyArray<{
    readonly name: string;
    readonly base: string;
    readonly change: { readonly [key: string]: Json };
    readonly ids: ReadonlyArray<ReadonlyArray<number>>;
  }>;
  readonly pairs: ReadonlyArray<{
    readonly name: string;
    readonly form: string;
    readonly rows: ReadonlyArray<{
      readonly a: number;
      readonly b: number;
      readonly maxTokens: number;
      readonly ids: ReadonlyArray<number>;
    }>;
  }>;
}

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../golden/tokenizers/${name}.json`, import.meta.url), "utf8"));
// Cast: written by the script in the shape above.
const recorded = golden("ids") as Recorded;
const base = (name: string) => golden(name) as { readonly [key: string]: Json };

describe("ids", () => {
  for (const { name, base: from, change, ids } of recorded.variants)
    it(`are those of the reference: ${name}`, async () => {
      const tokenizer = readTokenizer({ ...base(from), ...change }, {}, `${from}.json`);
      const encode = await textEncoder(tokenizer);
      const differing = recorded.texts.flatMap((text, i) => {
        const own = encode(text);
        return own.join() === ids[i]!.join() ? [] : [{ text: JSON.stringify(text), own, reference: ids[i] }];
      });
      expect(differing).toEqual([]);
    });

  it("are the same for merges written as texts", async () => {
    const json = base("roberta");
    const model = json["model"] as { readonly merges: ReadonlyArray<readonly [string, string]> };
    const merges = model.merges.map((pair) => pair.join(" "));
    const asTexts = readTokenizer({ ...json, model: { ...model, merges } }, {}, "roberta.json");
    expect(asTexts).toEqual(readTokenizer(json, {}, "roberta.json"));
  });
});

describe("exported tokenizers", () => {
  for (const name of ["uncased", "cased", "roberta", "unigram", "fallback"])
    it(`read back as they were: ${name}`, () => {
      const tokenizer = readTokenizer(base(name), {}, `${name}.json`);
      const files = tokenizerFiles(tokenizer, 64, { typeVocabSize: 1, pairForm: "roberta" });
      expect(readTokenizer(files["tokenizer.json"], files["tokenizer_config.json"], name)).toEqual(tokenizer);
      const kinds = { uncased: "vocab.txt", cased: "vocab.txt", roberta: "vocab.json merges.txt" };
      const old = Object.keys(files)
        .filter((file) => !/^(tokenizer|special)/.test(file))
        .join(" ");
      expect(old).toBe((kinds as { readonly [name: string]: string })[name] ?? "");
    });
});

describe("a tokenizer of vocab.json and merges.txt", () => {
  it("is RoBERTa's, with the flags its config gives the special tokens", async () => {
    const json = base("roberta");
    const model = json["model"] as {
      readonly vocab: { readonly [token: string]: Json };
      readonly merges: ReadonlyArray<readonly [string, string]>;
    };
    const merges = ["#version: 0.2", ...model.merges.map((pair) => pair.join(" ")), ""].join("\n");
    const mask = { mask_token: { content: "<mask>", lstrip: true, normalized: false } };
    const made = readTokenizer(tokenizerOfMerges(model.vocab, merges, mask, "m"), mask, "m/vocab.json");
    const encode = await textEncoder(made);
    expect(recorded.texts.map(encode)).toEqual(recorded.variants.find(({ name }) => name === "roberta")!.ids);
    expect(made.special).toEqual(readTokenizer(json, {}, "roberta.json").special);
    expect(() => tokenizerOfMerges(model.vocab, "a b\nc\n", {}, "m")).toThrow(
      'm/merges.txt has the line "c", which is not two tokens with a space between',
    );
  });
});

describe("pairs", () => {
  for (const { name, form, rows } of recorded.pairs)
    it(`are cut as the reference cuts them: ${name}`, async () => {
      const tokenizer = readTokenizer(base(name), {}, `${name}.json`);
      const encode = await textEncoder(tokenizer);
      for (const { a, b, maxTokens, ids } of rows) {
        const [first, second] = [encode(recorded.texts[a]!), encode(recorded.texts[b]!)];
        if (form === "bert") {
          expect([...assemblePair(first, second, tokenizer.special, maxTokens).ids]).toEqual(ids);
          continue;
        }
        const { cls, sep } = tokenizer.special;
        const [keptFirst, keptSecond] = truncateLongestFirst(first.length, second.length, maxTokens - 4);
        const row = [cls, ...first.slice(0, keptFirst), sep, sep, ...second.slice(0, keptSecond), sep];
        expect(row).toEqual(ids);
      }
    });
});
