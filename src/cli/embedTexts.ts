/** Texts → embeddings in this process: what `encode`, `similarity` and `nearest` share. Loads tfjs and onnxruntime. */
import type { Tokenizer } from "../artifact/index.ts";
import type { EngineShape } from "../engine/Engine.ts";
import type { EngineChoice } from "../engine/EngineChoice.ts";
import { openEngine } from "../engine/openEngine.ts";
import type { InferenceOptions } from "../inference/batchRunner.ts";
import type { Precision } from "../inference/options.ts";
import { encodeTokens } from "../inference/encode.ts";
import { scorePairs } from "../inference/score.ts";
import { encodeTexts } from "../model/encodeTexts.ts";
import { type BiEncoder, embeddingDimension } from "../nn/EncoderModel.ts";
import type { EmbeddedTexts } from "./embeddingFormats.ts";
import { asUsageError } from "./engineChoice.ts";
import type { OpenedModel } from "./openModel.ts";

export interface EmbeddingModel {
  readonly model: BiEncoder;
  readonly tokenizer: Tokenizer;
  readonly choice: EngineChoice;
  /** Default float32. */
  readonly precision?: Precision;
}

/** Part by part, in order: the next one is read when the last one has been taken. */
export async function* embedTexts(
  { model, tokenizer, choice, precision = "float32" }: EmbeddingModel,
  parts: AsyncIterable<ReadonlyArray<string>> | Iterable<ReadonlyArray<string>>,
  onProgress?: (texts: number) => void,
): AsyncGenerator<EmbeddedTexts> {
  const engine = await openedEngine(choice);
  let before = 0;
  const options: InferenceOptions = { precision, onProgress: (done) => onProgress?.(before + done) };
  try {
    for await (const texts of parts) {
      const ids = await encodeTexts(tokenizer, texts);
      const values = await encodeTokens(model, ids, engine, options).catch(asUsage);
      yield { texts, dimension: embeddingDimension(model), values };
      before += texts.length;
    }
  } finally {
    await engine.close();
  }
}

/** Cosine by a bi-encoder, probability by a cross-encoder. */
export async function scoreTexts(
  { model, tokenizer }: OpenedModel,
  [a, b]: readonly [string, string],
  choice: EngineChoice,
): Promise<number> {
  const pairs = { a: await encodeTexts(tokenizer, [a]), b: await encodeTexts(tokenizer, [b]) };
  const engine = await openedEngine(choice);
  try {
    return (await scorePairs(model, pairs, engine))[0]!;
  } finally {
    await engine.close();
  }
}

/** Throws `UsageError` where the engine, or its device, is not to be had. */
const openedEngine = (choice: EngineChoice): Promise<EngineShape> => openEngine(choice).catch(asUsage);

function asUsage(error: unknown): never {
  throw asUsageError(error);
}
