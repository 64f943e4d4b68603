import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { artifactTypes, Backbone, BiEncoder, Scores, Sentences, TokenPairs, Tokens } from "../../src/artifact/index.ts";
import type { AnyArtifactType } from "../../src/core/ArtifactType.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { sampleDigests } from "./digests.ts";
import { samples } from "./samples.ts";

const names = Object.keys(samples) as ReadonlyArray<keyof typeof samples>;
const typeNamed = (name: keyof typeof samples): AnyArtifactType => artifactTypes[name];

describe("artifact codecs", () => {
  it("write these bytes for these values: a change here changes every digest in every cache", async () => {
    expect(await sampleDigests()).toEqual({
      Sentences: "8ed68a27f2ef0ad0",
      Pairs: "ed301be91f6387ff",
      Gold: "5b907d34f173e13b",
      Tokens: "df7bb8baf0477a7e",
      TokenPairs: "9bb53b6e16bbb7bd",
      Scores: "32d94f2e34bf815b",
      Tokenizer: "7abf1fc5bab53415",
      Backbone: "d1d4d30ddc6c67af",
      BiEncoder: "cec174e61e1f0480",
      CrossEncoder: "d0ebe84a371116f0",
      Embeddings: "f081d4a6355f7215",
      Metrics: "1c0a5c5db48dc672",
      TrainingCurve: "2c89fed7f7df50e2",
      Comparison: "783f4982cb1adc92",
      Figure: "b238255d9e5f683c",
      Decision: "e3745ad1a44b0b4c",
    });
  });

  it("write equal bytes in another process", async () => {
    const script = fileURLToPath(new URL("digests.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(JSON.parse(stdout)).toEqual(await sampleDigests());
  });

  it.each(names)("read back what was written: %s", async (name) => {
    const bytes = await typeNamed(name).encode(samples[name]);
    expect(await typeNamed(name).decode(bytes)).toEqual(samples[name]);
  });

  it.each(names)("write the same bytes again after reading: %s", async (name) => {
    const type = typeNamed(name);
    const bytes = await type.encode(samples[name]);
    expect(Buffer.from(await type.encode(await type.decode(bytes))).equals(bytes)).toBe(true);
  });

  it("keep the length that a pooling pads to", async () => {
    const encoder = { ...samples.BiEncoder, pooling: { kind: "mean-with-padding", paddedLength: 50 } as const };
    expect(await BiEncoder.decode(await BiEncoder.encode(encoder))).toEqual(encoder);
  });

  it("keep any well-formed text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" })), async (texts) => {
        expect(await Sentences.decode(await Sentences.encode({ texts }))).toEqual({ texts });
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("keep any ids, empty rows included", async () => {
    const rows = fc.array(fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 })));
    await fc.assert(
      fc.asyncProperty(rows, async (ids) => {
        const tokens = { ...samples.Tokens, ids: raggedFrom(ids) };
        expect(await Tokens.decode(await Tokens.encode(tokens))).toEqual(tokens);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it("join what lies in several record batches", async () => {
    const length = 70_000;
    const scores = { ...samples.Scores, values: Float32Array.from({ length }, (_, i) => i / length) };
    expect(await Scores.decode(await Scores.encode(scores))).toEqual(scores);
    const rows = Array.from({ length }, (_, i) => (i % 3 === 0 ? [] : [i, i + 1]));
    const pairs = { ...samples.TokenPairs, a: raggedFrom(rows), b: raggedFrom(rows.toReversed()) };
    expect(await TokenPairs.decode(await TokenPairs.encode(pairs))).toEqual(pairs);
  });

  it("share the memory of the bytes", async () => {
    const bytes = await typeNamed("Backbone").encode(samples.Backbone);
    const model = (await typeNamed("Backbone").decode(bytes)) as typeof samples.Backbone;
    expect([...model.weights.values()].every((tensor) => tensor.values.buffer === bytes.buffer)).toBe(true);
  });

  it("give one digest for every bit pattern of NaN", async () => {
    const odd = new Float32Array(Uint32Array.of(0x40200000, 0xffc12345).buffer);
    const curve = { step: samples.TrainingCurve.step, series: { ...samples.TrainingCurve.series, loss: odd } };
    const bytes = await typeNamed("TrainingCurve").encode(curve);
    expect(Buffer.from(bytes).equals(await typeNamed("TrainingCurve").encode(samples.TrainingCurve))).toBe(true);
  });
});

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "accepted",
    (error: unknown) => String(error),
  );

describe("artifact checks", () => {
  it("refuse numbers that are none, and columns that do not fit", async () => {
    const nan = { ...samples.Scores, values: Float32Array.of(1, NaN) };
    expect(await refusal(Scores.encode(nan))).toBe("TypeError: Scores: row 1 is NaN, not a number");
    const short = { ...samples.TokenPairs, b: raggedFrom([[1]]) };
    expect(await refusal(TokenPairs.encode(short))).toBe(
      'TypeError: TokenPairs: columns of unequal length {"a":2,"b":1}',
    );
    const broken = new Map([["w", { shape: [1], values: Float32Array.of(Infinity) }]]);
    expect(await refusal(Backbone.encode({ ...samples.Backbone, weights: broken }))).toBe(
      "TypeError: backbone: parameter w holds what is not a number",
    );
    const half = await refusal(Sentences.encode({ texts: ["fine", "\ud83d"] }));
    expect(half).toBe("TypeError: row 1: half a surrogate pair has no UTF-8 form");
  });

  it("name what is wrong with bytes that are no such artifact", async () => {
    const bytes = await Scores.encode(samples.Scores);
    expect(await refusal(Sentences.decode(bytes))).toBe("DamagedArtifact: holds Scores, wanted Sentences");
    expect(await refusal(Scores.decode(new Uint8Array(0)))).toBe("DamagedArtifact: not a whole Arrow file (0 bytes)");
    const cut = bytes.subarray(0, bytes.length - 10);
    expect(await refusal(Scores.decode(cut))).toBe(`DamagedArtifact: not a whole Arrow file (${cut.length} bytes)`);
    const hollow = Uint8Array.from(bytes);
    hollow.fill(0xff, bytes.length - 60, bytes.length - 10);
    expect(await refusal(Scores.decode(hollow))).toMatch(/^DamagedArtifact: /);
  });
});
