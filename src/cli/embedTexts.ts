/** Texts → embeddings in this process: what `encode`, `similarity` and `nearest` share. Loads tfjs and onnxruntime. */
import type { Tokenizer } from "../artifact/index.ts";
import type { EngineShape } from "../engine/Engine.ts";
import type { EngineChoice } from "../engine/EngineChoice.ts";
import { openEngine } from "../engine/openEngine.ts";
import { encodeTokens } from "../inference/encode.ts";
import { scorePairs } from "../inference/score.ts";
import { encodeTexts } from "../model/encodeTexts.ts";
import type { BiEncoder } from "../nn/EncoderModel.ts";
import { asUsageError } from "./engineChoice.ts";
import type { OpenedModel } from "./openModel.ts";

/** @returns [texts, hiddenSize], row-major */
export async function embedTexts(
  model: BiEncoder,
  tokenizer: Tokenizer,
  texts: ReadonlyArray<string>,
  choice: EngineChoice,
): Promise<Float32Array> {
  const ids = await encodeTexts(tokenizer, texts);
  return withEngine(choice, (engine) => encodeTokens(model, ids, engine));
}

/** Cosine by a bi-encoder, probability by a cross-encoder. */
export async function scoreTexts(
  { model, tokenizer }: OpenedModel,
  [a, b]: readonly [string, string],
  choice: EngineChoice,
): Promise<number> {
  const pairs = { a: await encodeTexts(tokenizer, [a]), b: await encodeTexts(tokenizer, [b]) };
  const scores = await withEngine(choice, (engine) => scorePairs(model, pairs, engine));
  return scores[0]!;
}

/** Throws `UsageError` where the engine, or its device, is not to be had. */
async function withEngine<A>(choice: EngineChoice, use: (engine: EngineShape) => Promise<A>): Promise<A> {
  const engine = await openEngine(choice).catch((error: unknown) => {
    throw asUsageError(error);
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}
