/** Tiny models of every architecture, as transformers saved them: the same numbers as PyTorch's, and a way there and back. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { exportEncoder } from "../../src/engine/onnx/exportEncoder.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { pairProbabilities } from "../../src/inference/score.ts";
import { exportFiles } from "../../src/model/exportFiles.ts";
import { crossEncoderWeights, readModelFolder, type FolderModel } from "../../src/model/modelFolder.ts";
import { assemblePair, assembleSingle, type EncoderInput } from "../../src/nn/assembleInput.ts";
import type { BiEncoder, CrossEncoder } from "../../src/nn/EncoderModel.ts";
import { defaultLayoutPolicy, paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { hiddenStates, logitsOfPairs, poolerOutputs, wordLogits } from "../kit/encoderOutputs.ts";

const golden = fileURLToPath(new URL("../golden/architectures/", import.meta.url));
const kinds = readdirSync(golden).filter((name) => !name.endsWith(".json"));

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
};
const readFrom = (kind: string) => (name: string) => {
  try {
    return Promise.resolve(readFileSync(`${golden}${kind}/${name}`));
  } catch (error) {
    return Promise.resolve(absent(error as NodeJS.ErrnoException));
  }
};
const load = (kind: string): Promise<FolderModel> => readModelFolder({ path: kind, read: readFrom(kind) });

interface Recorded {
  readonly texts: ReadonlyArray<ReadonlyArray<number>>;
  readonly pairs: ReadonlyArray<readonly [ReadonlyArray<number>, ReadonlyArray<number>]>;
  readonly hidden: string;
  readonly pairHidden: string;
  readonly pooled: string | null;
  readonly logits: string;
  readonly wordLogits: string;
}
const recordedOf = (kind: string) => JSON.parse(readFileSync(`${golden}${kind}.numbers.json`, "utf8")) as Recorded;
const floats = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);

const farthest = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  expect(one.length).toBe(other.length);
  return Array.from(one).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
};

const onnx = new OnnxEngine({ threads: 1 });
afterAll(() => onnx.close());
const cpu = new CpuEngine();
/** Sums of float32 in another order: 3e-6 was seen, where hidden states and logits reach to 4. */
const close = 1e-5;

const crossEncoder = (model: FolderModel): CrossEncoder => ({
  kind: "cross-encoder",
  config: model.config,
  weights: crossEncoderWeights(model)!,
  tokenizer: "",
  special: model.tokenizer.special,
  maxTokens: model.maxTokens,
});
const biEncoder = (model: FolderModel): BiEncoder => {
  const weights = new Map([...model.weights].filter(([name]) => !name.startsWith("pooler.")));
  return { ...crossEncoder(model), kind: "bi-encoder", weights, pooling: "mean", normalize: false, maxTokens: 40 };
};

const idsAs = (rows: ReadonlyArray<EncoderInput>, pad: number, withTypes: boolean) => {
  const length = Math.max(...rows.map((row) => row.ids.length));
  const flat = (of: (row: EncoderInput, column: number) => number) =>
    new Tensor("int64", BigInt64Array.from(rows.flatMap((row) => Array.from({ length }, (_, i) => BigInt(of(row, i))))), [rows.length, length]); // prettier-ignore
  return {
    input_ids: flat((row, i) => row.ids[i] ?? pad),
    attention_mask: flat((row, i) => (i < row.ids.length ? 1 : 0)),
    ...(withTypes ? { token_type_ids: flat((row, i) => row.types[i] ?? 0) } : {}),
  };
};

describe.each(kinds)("a model of kind %s", (kind) => {
  const recorded = recordedOf(kind);
  const singles = ({ tokenizer, config }: FolderModel) =>
    recorded.texts.map((text) => assembleSingle(text, tokenizer.special, config.maxPositions));
  const doubles = ({ tokenizer, config }: FolderModel) =>
    recorded.pairs.map(([a, b]) => assemblePair(a, b, tokenizer.special, config.maxPositions, config.pairForm));
  it("has the hidden states of transformers, alone, packed and padded", async () => {
    const model = await load(kind);
    for (const [engine, policy] of [
      [onnx, defaultLayoutPolicy],
      [onnx, paddedLayoutPolicy],
      [cpu, { lengthMultiple: 4, maxGroups: 3, minGroupRows: 2, minTokenStep: 4 }],
    ] as const) {
      const found = await hiddenStates(engine, model, singles(model), policy);
      expect(farthest(found, floats(recorded.hidden))).toBeLessThan(close);
    }
    const alone: Array<number> = [];
    for (const single of singles(model))
      alone.push(...(await hiddenStates(onnx, model, [single], defaultLayoutPolicy)));
    expect(farthest(alone, floats(recorded.hidden))).toBeLessThan(close);
    const pairs = await hiddenStates(onnx, model, doubles(model), defaultLayoutPolicy);
    expect(farthest(pairs, floats(recorded.pairHidden))).toBeLessThan(close);
  });

  it("has transformers' pooler outputs and logits of its heads", async () => {
    const model = await load(kind);
    if (recorded.pooled === null) expect(model.weights.has("pooler.dense.weight")).toBe(false);
    else {
      const pooled = await poolerOutputs(onnx, model, singles(model), defaultLayoutPolicy);
      expect(farthest(pooled, floats(recorded.pooled))).toBeLessThan(close);
    }
    const logits = await logitsOfPairs(onnx, crossEncoder(model), doubles(model), defaultLayoutPolicy);
    expect(farthest(logits, floats(recorded.logits))).toBeLessThan(close);
    const withWords = { config: model.config, weights: new Map([...model.weights, ...model.wordHead!]) };
    const words = await wordLogits(onnx, withWords, singles(model), 1, defaultLayoutPolicy);
    expect(farthest(words, floats(recorded.wordLogits))).toBeLessThan(close);
  });

  it("is exported to a folder that reads back whole, as encoder and as classifier", async () => {
    const model = await load(kind);
    for (const one of [biEncoder(model), crossEncoder(model)]) {
      const files = new Map(exportFiles(one, model.tokenizer).map(({ name, bytes }) => [name, bytes]));
      const back = await readModelFolder({ path: "exported", read: (name) => Promise.resolve(files.get(name)) });
      expect(back.config).toEqual(model.config);
      const weights = one.kind === "cross-encoder" ? crossEncoderWeights(back)! : back.weights;
      expect(new Map([...weights].sort())).toEqual(new Map([...one.weights].sort()));
    }
  });

  it("is exported to ONNX with the numbers of our own", async () => {
    const model = await load(kind);
    const withTypes = model.config.typeVocabSize >= 2;
    const { pad } = model.tokenizer.special;
    const bare = await InferenceSession.create(exportEncoder(biEncoder(model)), { intraOpNumThreads: 1 });
    expect(bare.inputNames.includes("token_type_ids")).toBe(withTypes);
    const rows = singles(model);
    const { last_hidden_state: output } = await bare.run(idsAs(rows, pad, withTypes));
    const [, length, dim] = output!.dims as [number, number, number];
    const real = rows.flatMap(({ ids }, row) => [
      ...(output!.data as Float32Array).subarray(row * length * dim, (row * length + ids.length) * dim),
    ]);
    expect(farthest(real, await hiddenStates(onnx, model, rows, defaultLayoutPolicy))).toBeLessThan(1e-5);
    const cross = crossEncoder(model);
    const session = await InferenceSession.create(exportEncoder(cross), { intraOpNumThreads: 1 });
    const { logits } = await session.run(idsAs(doubles(model), pad, withTypes));
    const probabilities = Array.from(logits!.data as Float32Array, (logit) => 1 / (1 + Math.exp(-logit)));
    const [a, b] = [0, 1].map((side) => raggedFrom(recorded.pairs.map((pair) => pair[side]!)));
    expect(farthest(probabilities, await pairProbabilities(cross, { a: a!, b: b! }, onnx))).toBeLessThan(1e-5);
  });
});

describe("architectures", () => {
  it("are read from their own forms of files and shapes", async () => {
    const facts = await Promise.all(
      kinds.map(async (kind) => {
        const { config, labels } = await load(kind);
        const { architecture, activation, typeVocabSize, maxPositions, paddingIndex, pairForm, embeddingSize } = config;
        return [
          kind,
          labels,
          architecture,
          activation,
          typeVocabSize,
          maxPositions,
          paddingIndex,
          pairForm,
          embeddingSize,
        ];
      }),
    );
    expect(facts).toEqual([
      ["bert", 1, "bert", "gelu", 2, 40, undefined, undefined, undefined],
      ["bert-half", 1, "bert", "gelu_new", 2, 40, undefined, undefined, undefined],
      ["camembert", 1, "camembert", "gelu", 1, 40, 1, "roberta", undefined],
      ["distilbert", 1, "distilbert", "relu", 0, 40, undefined, undefined, undefined],
      ["electra", 1, "electra", "silu", 2, 40, undefined, undefined, 24],
      ["roberta", 1, "roberta", "gelu", 1, 40, 1, "roberta", undefined],
      ["xlm-roberta", 1, "xlm-roberta", "gelu_new", 1, 40, 1, "roberta", undefined],
    ]);
  });
});
