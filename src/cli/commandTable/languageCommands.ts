/** What tells of the language and helps to write it. */
import type { Command } from "../commandLine.ts";
import { cache, json } from "./operandsAndOptions.ts";

export const languageCommands: ReadonlyArray<Command> = [
  {
    name: "stages",
    summary: "list the stages, or explain one with every option",
    operands: [
      { name: "NAME", optional: true, description: "a stage, such as train-simcse, or the file of one of your own" },
    ],
    options: [cache, json],
    examples: ["stages train-simcse", "stages pipelines/examples/own-stage.ts"],
    load: async () => (await import("../commands/stages.ts")).stagesCommand,
  },
  {
    name: "schema",
    summary: "print the JSON Schema of pipeline files, for editors",
    operands: [],
    options: [],
    load: async () => (await import("../commands/schema.ts")).schema,
  },
  {
    name: "init",
    summary: "write a small pipeline that runs as it is, and the schema that editors complete it by",
    operands: [{ name: "DIR", optional: true, description: "where pipeline.yaml goes; default: here" }],
    options: [
      {
        name: "text",
        value: "PATH",
        description: "learn from this text, one sentence a line (a file, a glob, a folder of .txt); default: generated",
      },
    ],
    examples: ["init", "init my-encoder --text corpus.txt"],
    load: async () => (await import("../commands/init.ts")).init,
  },
  {
    name: "completions",
    summary: "print completions for a shell",
    operands: [{ name: "SHELL", description: "bash, zsh or fish" }],
    options: [],
    examples: ["completions bash > ~/.local/share/bash-completion/completions/pipeline"],
    load: async () => (await import("../commands/completions.ts")).completions,
  },
];
