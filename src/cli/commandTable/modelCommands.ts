/** What is done with a trained model. */
import type { Command } from "../commandLine.ts";
import { file, model, step, texts, inputFile, set, cache, engine, json } from "./operandsAndOptions.ts";

export const modelCommands: ReadonlyArray<Command> = [
  {
    name: "export",
    summary: "write a trained model as a folder for sentence-transformers, transformers and transformers.js",
    operands: [
      file,
      {
        name: "STEP[.PORT]",
        optional: true,
        description: "the step whose model is wanted; default: the file's `outputs`",
      },
    ],
    options: [
      set,
      { name: "to", value: "DIR", description: "the folder: new, empty, or an earlier export, which is replaced" },
      { name: "int8", description: "also onnx/model_quantized.onnx, with 8-bit weights" },
      ...engine,
      cache,
      json,
    ],
    examples: ["export pipelines/transencoder.yaml --to model", "export pipelines/sts.yaml distil[1].cross --to cross"],
    load: async () => (await import("../commands/export.ts")).exportCommand,
  },
  {
    name: "encode",
    summary: "turn texts into embeddings",
    operands: [model, texts],
    options: [
      set,
      step,
      inputFile,
      {
        name: "format",
        value: "FORMAT",
        choices: ["json", "csv", "arrow", "npy"],
        description: "default: as PATH ends, else json",
      },
      {
        name: "precision",
        value: "PRECISION",
        choices: ["float32", "int8"],
        description: "of products of weights; int8 is faster on CPUs with VNNI; default: float32",
      },
      json,
      { name: "to", value: "PATH", description: "write to a file instead of stdout" },
      ...engine,
      cache,
    ],
    examples: ['encode model "a first text" "a second one"', "encode model --input texts.txt --to texts.arrow"],
    load: async () => (await import("../commands/encode.ts")).encode,
  },
  {
    name: "similarity",
    summary: "how alike two texts are: cosine by a bi-encoder, probability by a cross-encoder",
    operands: [model, { name: "A", description: "a text" }, { name: "B", description: "another" }],
    options: [set, step, ...engine, json, cache],
    examples: ['similarity model "a cat sleeps" "the cat is sleeping"'],
    load: async () => (await import("../commands/similarity.ts")).similarity,
  },
  {
    name: "nearest",
    summary: "look texts up among encoded ones: those with the highest cosines",
    operands: [
      model,
      { name: "ENCODED", description: "an Arrow file that `encode --to PATH.arrow` wrote with the same model" },
      texts,
    ],
    options: [
      set,
      step,
      inputFile,
      { name: "top", value: "N", least: 1, description: "how many for each text; default: 10" },
      { name: "others", description: "without those that are the text itself" },
      { name: "format", value: "FORMAT", choices: ["text", "json", "csv"], description: "default: text" },
      ...engine,
      json,
      cache,
    ],
    examples: ['nearest model texts.arrow "a question" --top 5'],
    load: async () => (await import("../commands/nearest.ts")).nearest,
  },
  {
    name: "loss",
    summary: "the value and the gradients of a loss at given numbers, or what losses there are and take",
    operands: [{ name: "NAME", optional: true, description: "a loss, such as infoNce; without one, all are listed" }],
    options: [
      { name: "describe", description: "what the loss takes, instead of computing it" },
      {
        name: "input",
        value: "PATH",
        description: 'a file with {"inputs": {…}, "with": {…}}; default: standard input',
      },
      ...engine,
      { name: "json", description: "the list, or the description, as JSON; values and gradients always are" },
    ],
    examples: ["loss", "loss infoNce --describe", "loss infoNce < numbers.json"],
    load: async () => (await import("../commands/loss.ts")).loss,
  },
];
