/** Texts that a tiny model writes on from others, against a slow way that computes one text after the other. */
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { EngineShape } from "../../src/engine/Engine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { InferenceInterrupted } from "../../src/inference/batchRunner.ts";
import { canWrite, continueTexts, type WritingOptions } from "../../src/inference/continueTexts.ts";
import { choicesOf, drawWord } from "../../src/inference/drawWord.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { paraphraseTexts, type TextIds } from "../../src/inference/paraphraseTexts.ts";
import type { BiEncoder } from "../../src/nn/EncoderModel.ts";
import { paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { headSpecs, initializeWeights } from "../../src/nn/parameters.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { childKey, type RandomKey, randomKey, uniformAt } from "../../src/nn/random.ts";
import { wordLogits } from "../kit/encoderOutputs.ts";
import { loudBiEncoder } from "./loudModels.ts";

const [onnx, cpu] = [new OnnxEngine(), new CpuEngine()];
afterAll(() => onnx.close());

const silent = loudBiEncoder("cls");
const head = initializeWeights(headSpecs(silent.config, "mlm"), 3);
// `[SEP]` likelier than others: some texts end early, some at the limit.
head.get("cls.predictions.bias")!.values[silent.special.sep] = 3;
const model: BiEncoder = { ...silent, weights: new Map([...silent.weights, ...head]) };

const options: WritingOptions = { samples: 12, topK: 8, topP: 0.95, maxTokens: 9 };
const sources = [[7, 8, 9], [20], [30, 31, 32, 33, 34, 35, 36, 37, 38, 39], [40, 41], [7, 8, 9]];
const key = randomKey(1, "writing");

/** A text by itself, word by word: the whole of it once more for each, by the engine of reference. */
async function writtenSlowly(source: ReadonlyArray<number>, own: RandomKey): Promise<ReadonlyArray<number>> {
  const { special } = model;
  const start = [special.cls, ...source.slice(0, options.maxTokens - 2), special.sep];
  const words: Array<number> = [];
  while (words.length < options.maxTokens - 2) {
    const ids = Int32Array.from([...start, ...words]);
    const types = Int32Array.from(ids, (_, i) => (i < start.length ? 0 : 1));
    const sequence = { ids, types, visible: "by-segment" } as const;
    const logits = await wordLogits(cpu, model, [sequence], ids.length - 1, paddedLayoutPolicy);
    const choices = choicesOf(logits.subarray(0, model.config.vocabSize), options);
    const word = drawWord(choices, uniformAt(own, words.length));
    if (word === special.sep) break;
    words.push(word);
  }
  return words;
}

const write = (engine: EngineShape, given = sources, more: Partial<WritingOptions> = {}) =>
  continueTexts(model, given, engine, { ...options, ...more }, key);

describe("continueTexts", () => {
  it("writes what one text after the other, each computed whole, comes to", async () => {
    const expected = await Promise.all(
      sources.map((source, row) =>
        Promise.all([0, 1, 2, 11].map((sample) => writtenSlowly(source, childKey(childKey(key, row), sample)))),
      ),
    );
    const written = await write(onnx);
    expect(written.map((texts) => [0, 1, 2, 11].map((sample) => texts[sample]))).toEqual(expected);
    const lengths = written.flat().map(({ length }) => length);
    expect(Math.max(...lengths)).toBe(options.maxTokens - 2);
    expect(Math.min(...lengths)).toBeLessThan(3);
    expect(written[0]).not.toEqual(written[4]);
  });

  it("draws the same whatever else is in the batch, and however many samples", async () => {
    const whole = await write(onnx);
    expect(await write(onnx, sources.slice(0, 1))).toEqual(whole.slice(0, 1));
    expect(await write(onnx, sources, { samples: 3 })).toEqual(whole.map((texts) => texts.slice(0, 3)));
  });

  it("computes beginnings that are alike once", async () => {
    let rows = 0;
    const counting: EngineShape = {
      identity: cpu.identity,
      close: () => cpu.close(),
      compile: async (program) => {
        const executable = await cpu.compile(program);
        return {
          ...executable,
          run: async (feeds) => {
            const outputs = await executable.run(feeds);
            rows += outputs["output"]!.length / model.config.vocabSize;
            return outputs;
          },
        };
      },
    };
    await write(counting, [[7, 8]], { samples: 200, topK: 1 });
    expect(rows).toBeLessThanOrEqual(options.maxTokens - 2);
  });

  it("stops between batches when asked, and tells how far it is", async () => {
    const seen: Array<readonly [number, number]> = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    await continueTexts(model, sources, cpu, { ...options, samples: 2 }, key, { onProgress });
    expect(seen[0]).toEqual([1, options.maxTokens - 2]);
    const stopped = continueTexts(model, sources, cpu, options, key, { isInterrupted: () => seen.length > 0 });
    await expect(stopped).rejects.toThrow(InferenceInterrupted);
  });

  it("wants the head that guesses words", () => {
    expect([canWrite(model), canWrite(silent)]).toEqual([true, false]);
  });
});

const plain = (text: string) => text.toLowerCase().replace(/\s+/g, "");

describe("paraphraseTexts", () => {
  /** Words are letters: id 5 is a. What is above is upper case, so that texts can differ in case alone. */
  const letters: TextIds = {
    encode: (texts) => raggedFrom(texts.map((text) => Array.from(text, (letter) => letter.charCodeAt(0) - 60))),
    decode: (words) => String.fromCharCode(...words.map((id) => id + 60)),
  };
  const texts = ["KLM", "Q", "klm"];
  const paraphrase = (more: object = {}) =>
    paraphraseTexts(model, texts, letters, onnx, { ...options, samples: 200, topK: 60, topP: 1, keep: 1000, ...more }, key); // prettier-ignore
  it("drops what is empty, said twice, or the text itself but for case and spaces", async () => {
    const written = await continueTexts(
      model,
      texts.map((text) => Array.from(text, (letter) => letter.charCodeAt(0) - 60)),
      onnx,
      { ...options, samples: 200, topK: 60, topP: 1 },
      key,
    );
    const found = await paraphrase();
    found.forEach((paraphrases, row) => {
      const all = written[row]!.map((words) => letters.decode(words));
      expect(new Set(all.map(plain)).size).toBeLessThan(all.length);
      const distinct = new Set(all.map(plain));
      for (const dropped of ["", plain(texts[row]!)]) distinct.delete(dropped);
      expect(paraphrases.map(({ text }) => plain(text)).sort()).toEqual([...distinct].sort());
    });
  });

  it("ranks by the cosine of the encoder's own embeddings, and keeps the nearest", async () => {
    const found = await paraphrase();
    const [own] = found;
    const embeddings = await encodeTokens(model, letters.encode(["KLM", ...own!.map(({ text }) => text)]), onnx);
    const vector = (row: number) => embeddings.subarray(16 * row, 16 * (row + 1));
    const cosines = own!.map((_, row) => {
      const product = vector(0).reduce((sum, value, i) => sum + value * vector(row + 1)[i]!, 0);
      return product / (Math.hypot(...vector(0)) * Math.hypot(...vector(row + 1)));
    });
    own!.forEach(({ cosine }, row) => expect(cosine).toBeCloseTo(cosines[row]!, 5));
    const ranked = own!.map(({ cosine }) => cosine);
    expect(ranked).toEqual([...ranked].sort((a, b) => b - a));
    expect(await paraphrase({ keep: 2 })).toEqual(found.map((paraphrases) => paraphrases.slice(0, 2)));
  });

  it("finds none where nothing new is written", async () => {
    const mute = { ...letters, decode: () => "q " };
    const all = await paraphraseTexts(model, ["Q"], mute, cpu, { ...options, samples: 2, keep: 3 }, key);
    expect(all).toEqual([[]]);
  });
});
