/**
 * Models as Hugging Face and sentence-transformers keep them in a folder: `config.json`, `model.safetensors`,
 * `tokenizer.json`, and, for sentence encoders, the pooling and the longest input. All that is wrong with a folder is
 * gathered into one error, so that it can be put right in one go.
 */
import type { Tokenizer } from "../artifact/index.ts";
import type { ModelConfig, Pooling } from "../nn/EncoderModel.ts";
import type { Float32Tensor, Weights } from "../nn/Weights.ts";
import { headParameters, headSpecs, parameterSpecs } from "../nn/parameters.ts";
import { textEncoder } from "./encodeTexts.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { readModelConfig } from "./modelConfig.ts";
import { readSafetensors, toFloat32, type StoredTensor } from "./safetensors.ts";
import { readTokenizer, vocabularySize } from "./tokenizerJson.ts";

/** The files that are read; nothing else in the folder matters. */
export const modelFiles = [
  "config.json",
  "model.safetensors",
  "tokenizer.json",
  "tokenizer_config.json",
  "modules.json",
  "sentence_bert_config.json",
  "1_Pooling/config.json",
] as const;
const neededFiles = ["config.json", "model.safetensors", "tokenizer.json"] as const;

export interface ModelFolder {
  /** As the user wrote it, for messages. */
  readonly path: string;
  /** The bytes of a file by its name in the folder; undefined where it is not there. */
  readonly read: (name: string) => Promise<Uint8Array | undefined>;
}

export interface FolderModel {
  readonly config: ModelConfig;
  /** Without prefix; the pooler (`pooler.dense.*`) only where the checkpoint has one. */
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  /** `classifier.{weight,bias}` of a classifier of one label on the pooler: with it, the model is a cross-encoder. */
  readonly classifier: Weights | undefined;
  /** As the folder says; undefined where it has no pooling config. */
  readonly pooling: Pooling | undefined;
  /** Whether its modules end in scaling to unit length. */
  readonly normalize: boolean;
  /** Longest input in tokens, special ones included: the least of what the folder's files say. */
  readonly maxTokens: number;
}

type JsonObject = { readonly [key: string]: unknown };

/** @throws ModelProblem with everything that is missing or unsupported. */
export async function readModelFolder(folder: ModelFolder): Promise<FolderModel> {
  const files = await readFiles(folder);
  const problems: Array<string> = [];
  const json = (name: string): JsonObject | undefined => parseJson(files, name, problems);
  const configJson = json("config.json") ?? {};
  const tokenizerJson = json("tokenizer.json");
  const tokenizerConfig = json("tokenizer_config.json");
  const modules = readModules(json("modules.json"), problems);
  const pooling = readPooling(json("1_Pooling/config.json"), problems);
  if (problems.length > 0) throw unusable(folder, problems);
  const config = readModelConfig(configJson, problems);
  if (problems.length > 0) throw unusable(folder, problems);
  const tokenizer = readTokenizer(tokenizerJson, tokenizerConfig, `${folder.path}/tokenizer.json`);
  await checkSteps(tokenizer, problems);
  const entries = vocabularySize(tokenizer);
  if (entries > config.vocabSize)
    problems.push(`tokenizer.json has ids up to ${entries - 1}, config.json a vocab_size of ${config.vocabSize}`);
  const weightsPath = `${folder.path}/model.safetensors`;
  const stored = readSafetensors(files.get("model.safetensors")!, weightsPath);
  const weights = pickWeights(stored, config, problems);
  if (problems.length > 0) throw unusable(folder, problems);
  const maxTokens = longestInput(config, json("sentence_bert_config.json"), tokenizerConfig);
  const classifier = pickClassifier(stored, config, weights);
  return { config, weights, classifier, tokenizer, pooling, normalize: modules.includes("Normalize"), maxTokens };
}

async function readFiles(folder: ModelFolder): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of modelFiles) {
    const bytes = await folder.read(name);
    if (bytes !== undefined) files.set(name, bytes);
  }
  const missing = neededFiles.filter((name) => !files.has(name));
  if (missing.length > 0)
    throw new ModelProblem(
      folder.path,
      `${folder.path} is not a model folder: it lacks ${missing.join(", ")}`,
      "wanted is a Hugging Face folder with config.json, model.safetensors and tokenizer.json, as save_pretrained writes it",
    );
  return files;
}

function parseJson(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
  problems: Array<string>,
): JsonObject | undefined {
  const bytes = files.get(name);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null) return value as JsonObject;
    problems.push(`${name} holds no JSON object`);
  } catch (cause) {
    problems.push(`${name} is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  return undefined;
}

/** Normalizer and pre-tokenizer are built once here, so that a kind that is not supported is named with all the rest. */
async function checkSteps(tokenizer: Tokenizer, problems: Array<string>): Promise<void> {
  try {
    await textEncoder(tokenizer);
  } catch (cause) {
    problems.push(`tokenizer.json: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const unusable = (folder: ModelFolder, problems: ReadonlyArray<string>) =>
  new ModelProblem(
    folder.path,
    `${folder.path} cannot be loaded: ${problems.join("; ")}`,
    "wanted is a BERT-shaped encoder as save_pretrained writes it; fetch a file that is damaged again",
  );

const poolingModes: ReadonlyArray<readonly [key: string, pooling: Pooling | undefined]> = [
  ["pooling_mode_cls_token", "cls"],
  ["pooling_mode_mean_tokens", "mean"],
  ["pooling_mode_max_tokens", undefined],
  ["pooling_mode_mean_sqrt_len_tokens", undefined],
  ["pooling_mode_weightedmean_tokens", undefined],
  ["pooling_mode_lasttoken", undefined],
];

/** The kinds of sentence-transformers' modules, in order; what we cannot do (Dense, CNN, …) is a problem. */
function readModules(modules: JsonObject | undefined, problems: Array<string>): ReadonlyArray<string> {
  const types = Array.isArray(modules)
    ? modules.map((entry: JsonObject) => String(entry["type"]).split(".").at(-1)!)
    : [];
  for (const type of types)
    if (!["Transformer", "Pooling", "Normalize"].includes(type))
      problems.push(`modules.json: a module of type ${type} is not supported`);
  return types;
}

function readPooling(config: JsonObject | undefined, problems: Array<string>): Pooling | undefined {
  if (config === undefined) return undefined;
  const chosen = poolingModes.filter(([key]) => config[key] === true);
  const [only] = chosen;
  if (chosen.length === 1 && only?.[1] !== undefined) return only[1];
  const names = chosen.map(([key]) => key).join(" and ") || "no mode";
  problems.push(
    `1_Pooling/config.json: ${names} is not supported, only pooling_mode_cls_token or pooling_mode_mean_tokens`,
  );
  return undefined;
}

function longestInput(
  config: ModelConfig,
  sentence: JsonObject | undefined,
  tokenizer: JsonObject | undefined,
): number {
  const limits = [config.maxPositions, sentence?.["max_seq_length"], tokenizer?.["model_max_length"]];
  return Math.min(...limits.filter((limit): limit is number => typeof limit === "number" && limit >= 3));
}

/** Heads of other tasks, and buffers: known, and left out. */
const ignored = /^(cls\.|classifier\.|dropout|embeddings\.position_ids$|embeddings\.token_type_ids$)/;
/** TensorFlow's and old PyTorch's names for the same thing. */
const renamed = (name: string): string =>
  name
    .replace(/^bert\./, "")
    .replace(/LayerNorm\.gamma$/, "LayerNorm.weight")
    .replace(/LayerNorm\.beta$/, "LayerNorm.bias");

/** The encoder's tensors in the model's order, checked against the config. */
function pickWeights(stored: ReadonlyMap<string, StoredTensor>, config: ModelConfig, problems: Array<string>): Weights {
  const found = new Map([...stored].map(([name, tensor]) => [renamed(name), tensor]));
  const wanted = new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape]));
  // Most checkpoints bring the pooler that a cross-encoder's head starts from.
  if (found.has(headParameters.poolerWeight))
    for (const { name, shape } of headSpecs(config, "cross-encoder"))
      if (name.startsWith("pooler.")) wanted.set(name, shape);
  const missing = [...wanted.keys()].filter((name) => !found.has(name));
  const unexpected = [...found.keys()].filter((name) => !wanted.has(name) && !ignored.test(name));
  if (missing.length > 0) problems.push(`model.safetensors lacks ${listed(missing)}`);
  if (unexpected.length > 0)
    problems.push(`model.safetensors has what a BERT of this config has not: ${listed(unexpected)}`);
  const weights = new Map<string, Float32Tensor>();
  const wrong: Array<string> = [];
  for (const [name, shape] of wanted) {
    const tensor = found.get(name);
    if (tensor === undefined) continue;
    if (tensor.shape.join() !== shape.join()) wrong.push(`${name} is ${sized(tensor.shape)}, wanted ${sized(shape)}`);
    const values = toFloat32(tensor);
    if (values === undefined) wrong.push(`${name} is of type ${tensor.dtype}, wanted F32, F16 or BF16`);
    else if (!values.values.every(Number.isFinite)) wrong.push(`${name} holds NaN or infinity`);
    else weights.set(name, values);
  }
  if (wrong.length > 0) problems.push(`model.safetensors: ${listed(wrong)}`);
  return weights;
}

/** The head of a cross-encoder, where there is one; classifiers of several labels are another task's. */
function pickClassifier(
  stored: ReadonlyMap<string, StoredTensor>,
  config: ModelConfig,
  weights: Weights,
): Weights | undefined {
  if (!weights.has(headParameters.poolerWeight)) return undefined;
  const classifier = new Map<string, Float32Tensor>();
  for (const { name, shape } of headSpecs(config, "cross-encoder").filter((spec) =>
    spec.name.startsWith("classifier."),
  )) {
    const tensor = stored.get(name);
    const values = tensor?.shape.join() === shape.join() ? toFloat32(tensor) : undefined;
    if (values === undefined) return undefined;
    classifier.set(name, values);
  }
  return classifier;
}

const sized = (shape: ReadonlyArray<number>): string => `[${shape.join(", ")}]`;

/** The first few, and how many more there are. */
const listed = (names: ReadonlyArray<string>): string =>
  names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
