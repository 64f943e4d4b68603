import { describe, expect, it } from "vitest";
import type { BiEncoder } from "../../src/artifact/index.ts";
import { artifactTypes } from "../../src/artifact/index.ts";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import whiten from "../../stages/whiten.ts";
import { tinyBackbone, tinyTokens } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const encoder: BiEncoder = {
  ...tinyBackbone(),
  kind: "bi-encoder",
  pooling: "first-last",
  normalize: false,
  maxTokens: 16,
};
const sentences = tinyTokens(200);
const given = (config = {}, changed: Partial<BiEncoder> = {}, tokens = sentences) => ({
  config,
  inputs: {
    encoder: ["BiEncoder" as const, { ...encoder, ...changed }] as const,
    sentences: ["Tokens" as const, tokens] as const,
  },
});

const fail = async (...args: Parameters<typeof given>) => (await stageFailure(whiten, given(...args))).message;

describe("whiten", () => {
  it("gives an encoder whose embeddings of the sentences have mean 0 and covariance I", async () => {
    const { encoder: white } = await runStage(whiten, given({ dimensions: 5 }));
    const embeddings = await encodeTokens(white, sentences.ids, new CpuEngine());
    expect(embeddings.length).toBe(200 * 5);
    const product = (i: number, j: number) => {
      let sum = 0;
      for (let row = 0; row < 200; row++) sum += embeddings[row * 5 + i]! * embeddings[row * 5 + j]!;
      return sum / 199;
    };
    for (let i = 0; i < 5; i++) {
      const sum = embeddings.reduce((total, value, at) => total + (at % 5 === i ? value : 0), 0);
      expect(sum / 200).toBeCloseTo(0, 4);
      for (let j = 0; j < 5; j++) expect(product(i, j)).toBeCloseTo(i === j ? 1 : 0, 3);
    }
    const again = await artifactTypes.BiEncoder.decode(await artifactTypes.BiEncoder.encode(white));
    expect(again).toEqual(white);
  });

  it("refuses what it cannot whiten, by name", async () => {
    expect(await fail({ dimensions: 17 })).toBe("dimensions is 17, but the encoder has 16.");
    expect(await fail({}, {}, tinyTokens(16))).toBe("16 sentences do not tell the variance of 16 dimensions.");
    expect(await fail({}, { dense: { dimension: 4 } })).toBe(
      "The encoder already has a linear layer on its pooled states.",
    );
    expect(
      await fail(
        {},
        {
          weights: new Map(
            [...encoder.weights].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => 0) }]),
          ),
        },
      ),
    ).toBe("Embeddings vary in 0 directions, fewer than the 16 to keep.");
  });
});
