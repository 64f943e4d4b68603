/** Operands and options that several commands have, each described once. */
import type { Operand, Option } from "../commandLine.ts";
import { engineNames } from "../../engine/engineNames.ts";

export const file: Operand = { name: "FILE", description: "the pipeline file (YAML)" };

export const model: Operand = {
  name: "MODEL",
  description: "a folder (an export, or of Hugging Face), or a pipeline file for the model of its `outputs`",
};
export const step: Option = {
  name: "step",
  value: "STEP[.PORT]",
  description: "of a pipeline file: the step whose model is meant; default: its `outputs`",
};
export const texts: Operand = {
  name: "TEXT",
  optional: true,
  repeated: true,
  description: "texts; without any, they are read from --input or standard input",
};
export const inputFile: Option = {
  name: "input",
  value: "PATH",
  description: "a file with one text a line; `-` is standard input",
};

export const set: Option = {
  name: "set",
  value: "NAME=VALUE",
  repeated: true,
  description:
    "overrides a parameter of the file, its seed, or a step's setting, such as bi0.batchSize (also PIPELINE_SET_NAME in the environment)",
};
export const cache: Option = {
  name: "cache",
  value: "DIR",
  description:
    "the cache folder (also PIPELINE_CACHE); default: cache/ beside the nearest package.json or pipeline file",
};
export const engine: ReadonlyArray<Option> = [
  {
    name: "engine",
    value: "NAME",
    choices: engineNames,
    description: "what computes (also PIPELINE_ENGINE), part of keys; default: onnx",
  },
  {
    name: "device",
    value: "DEVICE",
    description: "what it computes on: cpu, cuda, cuda:1, webgpu… (also PIPELINE_DEVICE); default: cpu",
  },
];
export const json: Option = { name: "json", description: "one JSON document on stdout" };
export const until: Option = {
  name: "until",
  value: "STEP",
  repeated: true,
  description: "only this step and what it needs",
};
export const force: Option = {
  name: "force",
  value: "STEP",
  repeated: true,
  description: "run this step even if its result is there",
};
