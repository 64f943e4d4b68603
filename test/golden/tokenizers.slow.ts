/** Ids of real text equal those of transformers: English sentences with bert-base-uncased's tokenizer, Chinese ones with bert-base-chinese's. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Tokenizer } from "../../src/artifact/index.ts";
import { textEncoder } from "../../src/model/encodeTexts.ts";
import { textBytes } from "../../src/model/exportFiles.ts";
import { tokenizerFiles } from "../../src/model/exportTokenizer.ts";
import { readTokenizer } from "../../src/model/tokenizerJson.ts";
import { tokenizerOfVocabulary } from "../../src/model/vocabularyFiles.ts";
import { assemblePair, assembleSingle } from "../../src/nn/assembleInput.ts";
import { sharedData } from "./sharedData.ts";

const python = process.env["PIPELINE_BENCH_PYTHON"];
const hasPython = python !== undefined && existsSync(python);
if (!hasPython) console.warn("skipped: PIPELINE_BENCH_PYTHON names no Python with transformers");

const english = sharedData("models/tokenizer-bert-base-uncased");
const corpus = sharedData("corpus/enwiki_sentences_200k.txt");
const chinese = sharedData("models/tokenizer-bert-base-chinese");
const pairs = sharedData("sts-zh/stsb-train.tsv");
const maxTokens = 32;

async function expectEqual(folder: string, tokenizer: Tokenizer, texts: ReadonlyArray<string>): Promise<void> {
  const script = fileURLToPath(new URL("encode_lines.py", import.meta.url));
  const options = { input: JSON.stringify(texts), maxBuffer: 1e9, stdio: ["pipe", "pipe", "ignore"] as const };
  const output = execFileSync(python!, [script, folder, String(maxTokens)], { ...options, stdio: [...options.stdio] });
  const peer = JSON.parse(output.toString()) as { ids: Array<Array<number>>; pairs: Array<Array<number>> };
  const encode = await textEncoder(tokenizer);
  const ids = texts.map(encode);
  expect(texts.filter((_, i) => ids[i]!.join() !== peer.ids[i]!.join())).toEqual([]);
  const rows = ids.slice(1).map((next, i) => assemblePair(ids[i]!, next, tokenizer.special, maxTokens).ids);
  expect(rows.filter((row, i) => row.join() !== peer.pairs[i]!.join())).toEqual([]);
}

/** Exports a recorded tokenizer of test/golden/tokenizers into `folder`, and gives it. */
function exported(name: string, model: string, pairForm: "bert" | "roberta", folder: string): Tokenizer {
  const json: unknown = JSON.parse(readFileSync(new URL(`tokenizers/${name}.json`, import.meta.url), "utf8"));
  const tokenizer = readTokenizer(json, {}, name);
  const shape = pairForm === "bert" ? { typeVocabSize: 2 } : { typeVocabSize: 1, pairForm };
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(tokenizerFiles(tokenizer, 10_000, shape)))
    writeFileSync(join(folder, file), textBytes(content));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: model }));
  return tokenizer;
}

const kinds = [
  ["uncased", "bert", "bert"],
  ["cased", "electra", "bert"],
  ["roberta", "roberta", "roberta"],
  ["unigram", "xlm-roberta", "roberta"],
  ["fallback", "camembert", "roberta"],
] as const;

describe("transformers", () => {
  it.skipIf(!hasPython)("makes our ids with exported tokenizers, of texts and of pairs", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tandem-tokenizers-"));
    const recorded = readFileSync(new URL("tokenizers/ids.json", import.meta.url), "utf8");
    const { texts } = JSON.parse(recorded) as { texts: Array<string> };
    const tokenizers = kinds.map(([name, model, form]) => exported(name, model, form, join(folder, name)));
    const script = fileURLToPath(new URL("encode_exported.py", import.meta.url));
    const folders = kinds.map(([name]) => join(folder, name));
    const output = execFileSync(python!, [script, ...folders], { input: JSON.stringify(texts), maxBuffer: 1e9 });
    rmSync(folder, { recursive: true });
    const peers = JSON.parse(output.toString()) as Array<{ single: Array<Array<number>>; pairs: Array<Array<number>> }>;
    for (const [i, [name, , form]] of kinds.entries()) {
      const { special } = tokenizers[i]!;
      const ids = texts.map(await textEncoder(tokenizers[i]!));
      const single = ids.map((text) => [...assembleSingle(text, special, 10_000).ids]);
      const pairs = ids.slice(1).map((next, at) => Array.from(assemblePair(ids[at]!, next, special, 10_000, form).ids));
      expect({ name, single, pairs }).toEqual({ name, ...peers[i]! });
    }
  });

  it.skipIf(!hasPython || english === undefined || corpus === undefined)(
    "makes our ids of 20,000 English sentences",
    async () => {
      const json: unknown = JSON.parse(readFileSync(join(english!, "tokenizer.json"), "utf8"));
      const lines = readFileSync(corpus!, "utf8").split("\n").slice(0, 20_000);
      await expectEqual(english!, readTokenizer(json, {}, "tokenizer.json"), lines);
    },
  );

  it.skipIf(!hasPython || chinese === undefined || pairs === undefined)(
    "makes our ids of Chinese sentences, of a vocab.txt alone",
    async () => {
      const vocabulary = readFileSync(join(chinese!, "vocab.txt"), "utf8");
      const lines = readFileSync(pairs!, "utf8").split("\n").flatMap((line) => line.split("\t").slice(0, 2));
      await expectEqual(chinese!, readTokenizer(tokenizerOfVocabulary(vocabulary, {}), {}, "vocab.txt"), lines);
    },
  );
});
