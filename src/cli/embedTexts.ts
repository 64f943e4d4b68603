/** Texts → embeddings in this process: what `encode`, `similarity` and `nearest` share. Loads tfjs and onnxruntime. */
import type { Tokenizer } from "../artifact/index.ts";
import { OnnxEngine } from "../engine/onnx/OnnxEngine.ts";
import { encodeTokens } from "../inference/encode.ts";
import { scorePairs } from "../inference/score.ts";
import { encodeTexts } from "../model/encodeTexts.ts";
import type { BiEncoder } from "../nn/EncoderModel.ts";
import type { OpenedModel } from "./openModel.ts";

/** @returns [texts, hiddenSize], row-major */
export async function embedTexts(
  model: BiEncoder,
  tokenizer: Tokenizer,
  texts: ReadonlyArray<string>,
): Promise<Float32Array> {
  const ids = await encodeTexts(tokenizer, texts);
  return withEngine((engine) => encodeTokens(model, ids, engine));
}

/** Cosine by a bi-encoder, probability by a cross-encoder. */
export async function scoreTexts({ model, tokenizer }: OpenedModel, a: string, b: string): Promise<number> {
  const pairs = { a: await encodeTexts(tokenizer, [a]), b: await encodeTexts(tokenizer, [b]) };
  const scores = await withEngine((engine) => scorePairs(model, pairs, engine));
  return scores[0]!;
}

async function withEngine<A>(use: (engine: OnnxEngine) => Promise<A>): Promise<A> {
  const engine = new OnnxEngine();
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}
