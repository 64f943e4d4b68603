/**
 * Models as Hugging Face and sentence-transformers keep them in a folder: `config.json`, weights (`weightFiles.ts`),
 * `tokenizer.json`, and, for sentence encoders, the pooling and the longest input. All that is wrong with a folder is
 * gathered into one error, so that it can be put right in one go.
 */
import type { Tokenizer } from "../artifact/index.ts";
import type { ModelConfig, Pooling } from "../nn/EncoderModel.ts";
import { parameterSpecs } from "../nn/parameters.ts";
import type { Weights } from "../nn/Weights.ts";
import { textEncoder } from "./encodeTexts.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { readModelConfig } from "./modelConfig.ts";
import { readPairForm } from "./pairForm.ts";
import { classifierLabels, namedTensors, pickEncoder, pickHead } from "./pickWeights.ts";
import { denseFiles, type ReadDense, readDense } from "./denseLayer.ts";
import { readSafetensors } from "./safetensors.ts";
import { findTokenizer, tokenizerConfigs, tokenizerForms } from "./tokenizerForms.ts";
import { readTokenizer, vocabularySize } from "./tokenizerJson.ts";
import { readWeightFiles, weightFiles } from "./weightFiles.ts";

/** The files that are read beside the weights and the tokenizer. */
const otherFiles = [
  "config.json",
  "modules.json",
  "sentence_bert_config.json",
  "1_Pooling/config.json",
  ...denseFiles,
] as const;

/** Of a folder, all that matters. */
export const modelSelection = {
  files: otherFiles,
  firstOf: [weightFiles, tokenizerForms, tokenizerConfigs],
} as const;

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
  /** The whole head of a classifier of one label (`headSpecs`): with it, the model is a cross-encoder. */
  readonly classifier: Weights | undefined;
  /** Labels of the checkpoint's classifier, of one or several; undefined where it has none. */
  readonly labels: number | undefined;
  /** The head that guesses masked words, where the checkpoint has it. */
  readonly wordHead: Weights | undefined;
  /** As the folder says; undefined where it has no pooling config. */
  readonly pooling: Pooling | undefined;
  /** The layer on its pooled states, where its modules have one. */
  readonly dense: ReadDense | undefined;
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
  const modules = readModules(json("modules.json"), problems);
  const pooling = readPooling(json("1_Pooling/config.json"), problems);
  if (problems.length > 0) throw unusable(folder, problems);
  const shape = readModelConfig(configJson, problems);
  if (shape === undefined || problems.length > 0) throw unusable(folder, problems);
  const found = findTokenizer(readFilesOf(folder, files, json), shape.architecture);
  if (problems.length > 0) throw unusable(folder, problems);
  if (found === undefined) throw lacking(folder, ["tokenizer.json"]);
  const config: ModelConfig = { ...shape, ...readPairForm(found.json?.["post_processor"], shape.architecture) };
  const tokenizer = readTokenizer(found.json, found.config, `${folder.path}/${found.file}`);
  await checkSteps(tokenizer, found.file, problems);
  const entries = vocabularySize(tokenizer);
  if (entries > config.vocabSize)
    problems.push(`${found.file} has ids up to ${entries - 1}, config.json a vocab_size of ${config.vocabSize}`);
  const stored = await readWeightFiles(folder.path, folder.read);
  if (stored === undefined) throw lacking(folder, [weightFiles[0][0]]);
  const tensors = namedTensors(stored, config);
  const weights = pickEncoder(tensors, problems);
  const classifier = pickHead(tensors, "cross-encoder", problems);
  const wordHead = pickHead(tensors, "mlm", problems);
  if (problems.length > 0) throw unusable(folder, problems);
  const dense = modules.includes("Dense") ? denseOf(folder.path, files, config, json, problems) : undefined;
  if (problems.length > 0) throw unusable(folder, problems);
  const maxTokens = longestInput(config, json("sentence_bert_config.json"), found.config);
  const sentence = { pooling, dense, normalize: modules.includes("Normalize"), maxTokens };
  return { config, weights, classifier, labels: classifierLabels(tensors), wordHead, tokenizer, ...sentence };
}

async function readFiles(folder: ModelFolder): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const name of [...otherFiles, ...tokenizerForms.flat(), ...tokenizerConfigs.flat()]) {
    const bytes = await folder.read(name);
    if (bytes !== undefined) found.set(name, bytes);
  }
  const missing: Array<string> = found.has("config.json") ? [] : ["config.json"];
  if (!tokenizerForms.some((form) => form.every((name) => found.has(name)))) missing.push("tokenizer.json");
  if (missing.length === 0) return found;
  const weights = await Promise.all(weightFiles.map(([name]) => folder.read(name)));
  if (weights.every((bytes) => bytes === undefined)) missing.push(weightFiles[0][0]);
  throw lacking(folder, missing.sort());
}

const lacking = (folder: ModelFolder, names: ReadonlyArray<string>) =>
  new ModelProblem(
    folder.path,
    `${folder.path} is not a model folder: it lacks ${names.join(", ")}`,
    "wanted is a Hugging Face folder with config.json, tokenizer.json (or vocab.txt of a BERT, vocab.json and merges.txt of a RoBERTa) and model.safetensors (or pytorch_model.bin, or either in pieces with its index), as save_pretrained writes it",
  );

const readFilesOf = (
  { path }: ModelFolder,
  files: ReadonlyMap<string, Uint8Array>,
  json: (name: string) => JsonObject | undefined,
) => ({
  path,
  json,
  has: (name: string) => files.has(name),
  text: (name: string) => new TextDecoder().decode(files.get(name)),
});

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
async function checkSteps(tokenizer: Tokenizer, file: string, problems: Array<string>): Promise<void> {
  try {
    await textEncoder(tokenizer);
  } catch (cause) {
    problems.push(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const unusable = (folder: ModelFolder, problems: ReadonlyArray<string>) =>
  new ModelProblem(
    folder.path,
    `${folder.path} cannot be loaded: ${problems.join("; ")}`,
    "wanted is an encoder of BERT's kind as save_pretrained writes it; fetch a file that is damaged again",
  );

/** All parameters of the cross-encoder that a folder with a classifier of one label holds; undefined of another. */
export function crossEncoderWeights({ config, weights, classifier }: FolderModel): Weights | undefined {
  if (classifier === undefined) return undefined;
  const names = parameterSpecs(config, ["cross-encoder"]).map(({ name }) => name);
  return new Map(names.map((name) => [name, (classifier.get(name) ?? weights.get(name))!]));
}

/** Switches as sentence-transformers wrote them until version 5; from 6 on there is one `pooling_mode` with a name or several. */
const poolingModes: ReadonlyArray<readonly [key: string, pooling: Pooling | undefined]> = [
  ["pooling_mode_cls_token", "cls"],
  ["pooling_mode_mean_tokens", "mean"],
  ["pooling_mode_max_tokens", "max"],
  ["pooling_mode_mean_sqrt_len_tokens", undefined],
  ["pooling_mode_weightedmean_tokens", undefined],
  ["pooling_mode_lasttoken", undefined],
];

function denseOf(
  path: string,
  files: ReadonlyMap<string, Uint8Array>,
  { hiddenSize }: ModelConfig,
  json: (name: string) => JsonObject | undefined,
  problems: Array<string>,
): ReadDense | undefined {
  const [settings, weights] = denseFiles;
  const bytes = files.get(weights);
  const tensors = bytes === undefined ? undefined : readSafetensors(bytes, `${path}/${weights}`);
  return readDense({ config: json(settings), tensors, hiddenSize }, problems);
}

/** The kinds of sentence-transformers' modules, in order; what we cannot do (CNN, LSTM, …) is a problem. */
function readModules(modules: JsonObject | undefined, problems: Array<string>): ReadonlyArray<string> {
  const types = Array.isArray(modules)
    ? modules.map((entry: JsonObject) => String(entry["type"]).split(".").at(-1)!)
    : [];
  for (const type of types)
    if (!["Transformer", "Pooling", "Dense", "Normalize"].includes(type))
      problems.push(`modules.json: a module of type ${type} is not supported`);
  return types;
}

function readPooling(config: JsonObject | undefined, problems: Array<string>): Pooling | undefined {
  if (config === undefined) return undefined;
  if (config["pooling_mode"] !== undefined) return readNamedPooling([config["pooling_mode"]].flat(), problems);
  const chosen = poolingModes.filter(([key]) => config[key] === true);
  const [only] = chosen;
  if (chosen.length === 1 && only?.[1] !== undefined) return only[1];
  const names = chosen.map(([key]) => key).join(" and ") || "no mode";
  problems.push(
    `1_Pooling/config.json: ${names} is not supported, only pooling_mode_cls_token, pooling_mode_mean_tokens or pooling_mode_max_tokens`,
  );
  return undefined;
}

function readNamedPooling(names: ReadonlyArray<unknown>, problems: Array<string>): Pooling | undefined {
  const [only] = names;
  if (names.length === 1 && (only === "cls" || only === "mean" || only === "max")) return only;
  problems.push(`1_Pooling/config.json: pooling_mode is ${names.join(" and ")}, only cls, mean or max is supported`);
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
