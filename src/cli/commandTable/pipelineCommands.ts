/** What is done with a pipeline file: run, explained, drawn, looked into. */
import type { Command } from "../commandLine.ts";
import { file, set, cache, engine, json, until, force } from "./operandsAndOptions.ts";

export const pipelineCommands: ReadonlyArray<Command> = [
  {
    name: "run",
    summary: "run what is stale",
    operands: [file],
    options: [
      set,
      until,
      force,
      {
        name: "jobs",
        value: "N",
        least: 1,
        description: "steps at the same time; default: as many as the cores allow",
      },
      { name: "keep-going", description: "after a failure, still run what does not need the failed step" },
      { name: "executor", value: "NAME", choices: ["local"], description: "where steps run; default: local" },
      ...engine,
      cache,
      { name: "json", description: "the events of the run on stdout, one JSON object a line" },
    ],
    examples: [
      "run pipelines/transencoder.yaml",
      "run pipelines/transencoder.yaml --set cycles=4 --until distil[1].student",
    ],
    load: async () => (await import("../commands/run.ts")).run,
  },
  {
    name: "plan",
    summary: "show what would run, and why",
    operands: [file],
    options: [
      set,
      until,
      force,
      { name: "resolved", description: "print the file with every default written out" },
      ...engine,
      cache,
      json,
    ],
    load: async () => (await import("../commands/plan.ts")).plan,
  },
  {
    name: "why",
    summary: "show why one step runs: each part of its key that differs from the nearest earlier record",
    operands: [file, { name: "STEP", description: "a step, such as distil[2].student" }],
    options: [set, ...engine, cache, json],
    load: async () => (await import("../commands/why.ts")).why,
  },
  {
    name: "graph",
    summary: "draw the graph of steps",
    operands: [file],
    options: [
      set,
      {
        name: "format",
        value: "FORMAT",
        choices: ["tree", "mermaid", "dot", "svg"],
        description: "default: tree",
      },
      { name: "unrolled", description: "every cycle of every loop, instead of loops folded" },
    ],
    load: async () => (await import("../commands/graph.ts")).graph,
  },
  {
    name: "show",
    summary: "look into an artifact",
    operands: [file, { name: "STEP[.PORT]", description: "a step; without a port, its main output" }],
    options: [
      set,
      { name: "head", value: "N", least: 0, description: "the first N rows; default: 20 for a table, else all" },
      {
        name: "format",
        value: "FORMAT",
        choices: ["table", "json", "csv", "arrow", "svg"],
        description: "default: what --to ends in, else table; svg: of a figure",
      },
      { name: "to", value: "PATH", description: "write to a file instead of stdout" },
      ...engine,
      cache,
    ],
    examples: [
      "show pipelines/transencoder.yaml pairs --head 5",
      "show pipelines/transencoder.yaml bi0.curve --format csv",
      "show pipelines/compare-methods.yaml compare.figure --to methods.svg",
    ],
    load: async () => (await import("../commands/show.ts")).show,
  },
  {
    name: "metrics",
    summary: "print the metrics of every evaluation that is done",
    operands: [file],
    options: [set, ...engine, cache, json],
    load: async () => (await import("../commands/metrics.ts")).metrics,
  },
];
