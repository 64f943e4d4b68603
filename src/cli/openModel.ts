/** MODEL on the command line: a folder (an export of ours, or of Hugging Face), or a pipeline file for its `outputs`. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Tokenizer } from "../artifact/index.ts";
import { contentDigest } from "../core/digest.ts";
import type { BiEncoder, CrossEncoder, EncoderModel } from "../nn/EncoderModel.ts";
import { encoderWeights } from "../training/startingWeights.ts";
import { type Invocation, UsageError, valueOf, valuesOf } from "./commandLine.ts";

/** `write`: with the head that writes, where there is one. */
export type ModelUse = "embed" | "score" | "write";

export interface OpenedModel {
  readonly model: BiEncoder | CrossEncoder;
  readonly tokenizer: Tokenizer;
}

/**
 * `use`: what is asked of the model. Where a file's `outputs` are several, only those that can embed count for embeddings.
 * Throws `UsageError` where there is no model, or one whose files are at fault.
 */
export async function openModel(invocation: Invocation, use: ModelUse): Promise<OpenedModel> {
  const written = invocation.operands[0]!;
  const stats = statSync(written, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new UsageError("there is no such folder or pipeline file", "MODEL is an exported or Hugging Face folder, or a pipeline file", written); // prettier-ignore
  if (!stats.isDirectory()) return openPipeline(invocation, use);
  const idle = ["set", "step"].find((name) => valuesOf(invocation, name).length > 0);
  if (idle !== undefined)
    throw new UsageError(`--${idle} goes with a pipeline file, and this is a folder`, "take it out", written);
  return openFolder(written, use);
}

async function openPipeline(invocation: Invocation, use: ModelUse): Promise<OpenedModel> {
  const { openSession, perform } = await import("./session.ts");
  const { modelOutputs, readModel } = await import("./modelOutputs.ts");
  const { settledGraph } = await import("./settledGraph.ts");
  const session = await openSession(invocation);
  const all = modelOutputs(await settledGraph(session), valueOf(invocation, "step"));
  const embedding = all.filter(({ step, port }) => step.outputTypes[port]!.name !== "CrossEncoder");
  const [output, ...others] = use !== "score" && embedding.length > 0 ? embedding : all;
  const file = invocation.operands[0]!;
  if (others.length > 0) {
    const names = [output!, ...others].map(({ step, port }) => `${step.id}.${port}`).join(", ");
    throw new UsageError(`its \`outputs\` are several models: ${names}`, "say which one is meant: --step STEP", file);
  }
  const { model, tokenizer } = await perform(readModel(session, output!));
  return { model: withPooling(model), tokenizer };
}

async function openFolder(path: string, use: ModelUse): Promise<OpenedModel> {
  if (statSync(join(path, "config.json"), { throwIfNoEntry: false }) === undefined)
    throw new UsageError(
      "this folder holds no model: it has no config.json",
      "wanted is a folder that `pipeline export` or save_pretrained wrote",
      path,
    );
  const { crossEncoderWeights, readModelFolder } = await import("../model/modelFolder.ts");
  const { ModelProblem } = await import("../model/ModelProblem.ts");
  const { readWhole } = await import("../model/readWhole.ts");
  const read = (name: string) => readWhole(resolve(path, name)).catch(absent);
  const folder = await readModelFolder({ path, read }).catch((cause: unknown) => {
    throw cause instanceof ModelProblem ? new UsageError(cause.message, cause.hint) : cause;
  });
  const { config, tokenizer, maxTokens, pooling, normalize, dense } = folder;
  const common = {
    config,
    tokenizer: contentDigest(await Tokenizer.encode(tokenizer)),
    special: tokenizer.special,
    maxTokens,
  };
  // A folder that says how to pool is a sentence encoder, whatever head its checkpoint still has.
  const pairWeights = crossEncoderWeights(folder);
  if (pairWeights !== undefined && pooling === undefined)
    return { model: { kind: "cross-encoder", ...common, weights: pairWeights }, tokenizer };
  // The head that writes is of no use to who embeds, and no part of what embeds alike.
  const head = use === "write" ? (folder.wordHead ?? []) : [];
  const weights = new Map([...encoderWeights(config, folder.weights), ...(dense?.weights ?? []), ...head]);
  const layer = dense === undefined ? {} : { dense: { dimension: dense.dimension } };
  const sentence = { pooling: pooling ?? ("mean" as const), ...layer, normalize };
  return { model: { kind: "bi-encoder", ...common, weights, ...sentence }, tokenizer };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

/** Bare encoders embed by the mean of their tokens, as sentence-transformers has it. */
function withPooling(model: EncoderModel): BiEncoder | CrossEncoder {
  if (model.kind !== "backbone") return model;
  const { config, tokenizer, special } = model;
  const common = { config, tokenizer, special, weights: encoderWeights(config, model.weights) };
  return { kind: "bi-encoder", ...common, pooling: "mean", normalize: false, maxTokens: config.maxPositions };
}

/** The model where it embeds; a cross-encoder has no embeddings. */
export function asBiEncoder({ model }: OpenedModel, written: string): BiEncoder {
  if (model.kind === "bi-encoder") return model;
  throw new UsageError(
    "this is a cross-encoder: it scores pairs and has no embeddings",
    "compare two texts with it: pipeline similarity MODEL A B",
    written,
  );
}
