/** Every command of `pipeline`: its arguments, its options, and where its code is. Loads none of that code itself. */
import type { Command, Operand, Option } from "./commandLine.ts";
import { engineNames } from "../engine/engineNames.ts";

const file: Operand = { name: "FILE", description: "the pipeline file (YAML)" };

const model: Operand = {
  name: "MODEL",
  description: "a folder (an export, or of Hugging Face), or a pipeline file for the model of its `outputs`",
};
const step: Option = {
  name: "step",
  value: "STEP[.PORT]",
  description: "of a pipeline file: the step whose model is meant; default: its `outputs`",
};
const texts: Operand = {
  name: "TEXT",
  optional: true,
  repeated: true,
  description: "texts; without any, they are read from --input or standard input",
};
const inputFile: Option = {
  name: "input",
  value: "PATH",
  description: "a file with one text a line; `-` is standard input",
};

const set: Option = {
  name: "set",
  value: "NAME=VALUE",
  repeated: true,
  description:
    "overrides a parameter of the file, its seed, or a step's setting, such as bi0.batchSize (also PIPELINE_SET_NAME in the environment)",
};
const cache: Option = {
  name: "cache",
  value: "DIR",
  description:
    "the cache folder (also PIPELINE_CACHE); default: cache/ beside the nearest package.json or pipeline file",
};
const engine: ReadonlyArray<Option> = [
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
const json: Option = { name: "json", description: "one JSON document on stdout" };
const until: Option = {
  name: "until",
  value: "STEP",
  repeated: true,
  description: "only this step and what it needs",
};
const force: Option = {
  name: "force",
  value: "STEP",
  repeated: true,
  description: "run this step even if its result is there",
};

export const commands: ReadonlyArray<Command> = [
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
    load: async () => (await import("./commands/run.ts")).run,
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
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "why",
    summary: "show why one step runs: each part of its key that differs from the nearest earlier record",
    operands: [file, { name: "STEP", description: "a step, such as distil[2].student" }],
    options: [set, ...engine, cache, json],
    load: async () => (await import("./commands/why.ts")).why,
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
    load: async () => (await import("./commands/graph.ts")).graph,
  },
  {
    name: "show",
    summary: "look into an artifact",
    operands: [file, { name: "STEP[.PORT]", description: "a step; without a port, its main output" }],
    options: [
      set,
      { name: "head", value: "N", least: 0, description: "the first N rows; default: 20 for a table, else all" },
      { name: "format", value: "FORMAT", choices: ["table", "json", "csv", "arrow"], description: "default: table" },
      { name: "to", value: "PATH", description: "write to a file instead of stdout" },
      ...engine,
      cache,
    ],
    examples: [
      "show pipelines/transencoder.yaml pairs --head 5",
      "show pipelines/transencoder.yaml bi0.curve --format csv",
    ],
    load: async () => (await import("./commands/show.ts")).show,
  },
  {
    name: "metrics",
    summary: "print the metrics of every evaluation that is done",
    operands: [file],
    options: [set, ...engine, cache, json],
    load: async () => (await import("./commands/metrics.ts")).metrics,
  },
  {
    name: "runs",
    summary: "list the runs this cache has seen",
    operands: [],
    options: [cache, json],
    load: async () => (await import("./commands/runs.ts")).runs,
  },
  {
    name: "compare",
    summary: "show runs side by side: configuration, metrics and timings",
    operands: [
      { name: "RUN", description: "a run's id, the beginning of one, or `last`; `pipeline runs` lists them" },
      { name: "RUN", repeated: true, description: "the run, or runs, to compare it with" },
    ],
    options: [{ name: "all", description: "what is equal too, instead of differences only" }, cache, json],
    examples: ["compare 20261122-052025-5968 last"],
    load: async () => (await import("./commands/compare.ts")).compare,
  },
  {
    name: "trace",
    summary: "show where a value of a run comes from, down to files and settings, and what was made of it",
    operands: [
      { name: "RUN", description: "a run's id, the beginning of one, or `last`" },
      {
        name: "METRIC-OR-DIGEST",
        description:
          "distil[2].studentEval.average; the digest of an artifact, a file or a key, or its beginning; STEP[.PORT]",
      },
    ],
    options: [cache, json],
    examples: ["trace last 'distil[last].studentEval.average'", "trace last 162ef8b6"],
    load: async () => (await import("./commands/trace.ts")).trace,
  },
  {
    name: "branch",
    summary: "write a file that goes on from a cycle of a loop with other settings",
    operands: [file],
    options: [
      { name: "from", value: "LOOP[CYCLE]", description: "the last cycle that stays as it is, such as 'distil[2]'" },
      {
        name: "set",
        value: "STEP.SETTING=VALUE",
        repeated: true,
        description: "a setting of a step in the loop; also a parameter of the file, or its seed",
      },
      {
        name: "cycles",
        value: "N",
        least: 1,
        description: "cycles after that; default: those that the loop has left",
      },
      { name: "to", value: "NEW.yaml", description: "the new file, which must not be there yet" },
    ],
    examples: [
      "branch pipelines/sts.yaml --from 'distil[1]' --cycles 2 --set student.learningRate=1e-5 --to slower.yaml",
    ],
    load: async () => (await import("./commands/branch.ts")).branch,
  },
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
    load: async () => (await import("./commands/export.ts")).exportCommand,
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
    load: async () => (await import("./commands/encode.ts")).encode,
  },
  {
    name: "similarity",
    summary: "how alike two texts are: cosine by a bi-encoder, probability by a cross-encoder",
    operands: [model, { name: "A", description: "a text" }, { name: "B", description: "another" }],
    options: [set, step, ...engine, json, cache],
    examples: ['similarity model "a cat sleeps" "the cat is sleeping"'],
    load: async () => (await import("./commands/similarity.ts")).similarity,
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
    load: async () => (await import("./commands/nearest.ts")).nearest,
  },
  {
    name: "doctor",
    summary: "tell what this machine offers: engines and devices with their speed, and how to install what is missing",
    operands: [],
    options: [
      {
        name: "install",
        value: "NAME",
        choices: ["tensorflow"],
        description:
          "bring the tensorflow engine (600 MB), from its own package or else built against PyPI's TensorFlow",
      },
      cache,
      json,
    ],
    examples: ["doctor", "doctor --install tensorflow"],
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "cache",
    summary: "look after the cache: what is in it, whether all of it is sound, and what may go",
    operands: [
      {
        name: "ACTION",
        description:
          "status: what is in it, and who is at work on it. verify: read all of it; exit code 4 where something is damaged. gc: remove what was not used lately. pin, unpin: keep what a RUN used and made from gc, or no longer",
      },
      { name: "RUN", optional: true, repeated: true, description: "for pin and unpin: a run's id, or `last`" },
    ],
    options: [
      { name: "repair", description: "verify: move what is damaged aside; the next run makes it again" },
      { name: "dry-run", description: "gc: only tell what would go, and why" },
      {
        name: "keep-days",
        value: "N",
        least: 0,
        description: "gc: what was used in the last N days stays, with all it was made from; default: 30",
      },
      {
        name: "max-size",
        value: "SIZE",
        description: "gc: of the rest, remove what was used longest ago until this much is left (500MB, 20GB)",
      },
      {
        name: "grace",
        value: "MINUTES",
        least: 10,
        description: "gc: what is younger is not looked at, since a run may be about to refer to it; default: 60",
      },
      cache,
      json,
    ],
    examples: ["cache status", "cache verify --repair", "cache gc --dry-run --max-size 20GB", "cache pin last"],
    load: async () => (await import("./commands/cache.ts")).cache,
  },
  {
    name: "stages",
    summary: "list the stages, or explain one with every option",
    operands: [
      { name: "NAME", optional: true, description: "a stage, such as train-simcse, or the file of one of your own" },
    ],
    options: [cache, json],
    examples: ["stages train-simcse", "stages pipelines/examples/own-stage.ts"],
    load: async () => (await import("./commands/stages.ts")).stagesCommand,
  },
  {
    name: "schema",
    summary: "print the JSON Schema of pipeline files, for editors",
    operands: [],
    options: [],
    load: async () => (await import("./commands/schema.ts")).schema,
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
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "completions",
    summary: "print completions for a shell",
    operands: [{ name: "SHELL", description: "bash, zsh or fish" }],
    options: [],
    examples: ["completions bash > ~/.local/share/bash-completion/completions/pipeline"],
    load: async () => (await import("./commands/completions.ts")).completions,
  },
];
