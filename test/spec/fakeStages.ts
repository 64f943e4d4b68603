/** Small stages with the ports of the real ones, and a way to load a pipeline from a text. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import {
  input,
  inputOneOf,
  listInput,
  optionalInput,
  output,
  outputFrom,
  outputSameAs,
  type ArtifactType,
} from "../../src/core/ArtifactType.ts";
import type { Diagnostic } from "../../src/core/Diagnostic.ts";
import type { Graph } from "../../src/core/Graph.ts";
import { folder, path } from "../../src/core/path.ts";
import { defineStage } from "../../src/core/Stage.ts";
import { loadPipeline, type PipelineRequest } from "../../src/spec/loadPipeline.ts";
import { renderDiagnostics } from "../../src/spec/renderDiagnostics.ts";

const artifact = (name: string, variant?: string): ArtifactType<unknown> => ({
  name,
  ...(variant === undefined ? {} : { variant }),
  encode: () => Promise.reject(new Error("no bytes in these tests")),
  decode: () => Promise.reject(new Error("no bytes in these tests")),
});

const Sentences = artifact("Sentences");
const Pairs = artifact("Pairs");
const Gold = artifact("Gold");
const Tokens = artifact("Tokens");
const TokenPairs = artifact("TokenPairs");
const Tokenizer = artifact("Tokenizer");
const Backbone = artifact("Backbone");
const BiEncoder = artifact("BiEncoder");
const CrossEncoder = artifact("CrossEncoder");
const Scores = artifact("Scores");
const Cosines = artifact("Scores", "cosine");
const Probabilities = artifact("Scores", "probability");
const Metrics = artifact("Metrics");

const model = inputOneOf([Backbone, BiEncoder, CrossEncoder], "where training starts");
const run = () => Effect.die("these stages never run");
const common = { version: 1, description: "A stage of these tests.", run };
const withDefault = <S extends Schema.Top>(schema: S, value: S["Encoded"]) =>
  schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

const training = {
  batchSize: withDefault(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)).annotate({ description: "sentences in a step" }),
    64,
  ),
  learningRate: withDefault(
    Schema.Finite.check(Schema.isGreaterThan(0)).annotate({ description: "peak rate of AdamW, above 0" }),
    3e-5,
  ),
  loss: Schema.optionalKey(Schema.Literals(["bce", "mse"]).annotate({ description: "what is minimised" })),
};

export const fakeStages = [
  defineStage({
    ...common,
    name: "load-model",
    config: Schema.Struct({ source: folder("a Hugging Face folder") }),
    inputs: {},
    outputs: {
      model: output(Backbone, "the weights"),
      encoder: output(BiEncoder, "with its pooling"),
      tokenizer: output(Tokenizer, "the tokenizer"),
    },
  }),
  defineStage({
    ...common,
    name: "read-sentences",
    config: Schema.Struct({ path: path("text files, one sentence a line") }),
    inputs: {},
    outputs: { sentences: output(Sentences, "the lines") },
  }),
  defineStage({
    ...common,
    name: "read-pairs",
    config: Schema.Struct({
      path: Schema.Union([path("pair files"), Schema.Array(path("pair files"))]).annotate({
        description: "pair files",
      }),
      maxPairs: Schema.optionalKey(Schema.Int),
      names: withDefault(Schema.Array(Schema.String), []),
    }),
    inputs: {},
    outputs: { pairs: output(Pairs, "the pairs"), gold: output(Gold, "their scores") },
  }),
  defineStage({
    ...common,
    name: "tokenize",
    config: Schema.Struct({}),
    inputs: { tokenizer: input(Tokenizer, "makes the ids"), sentences: input(Sentences, "the texts") },
    outputs: { tokens: output(Tokens, "their ids") },
  }),
  defineStage({
    ...common,
    name: "tokenize-pairs",
    config: Schema.Struct({}),
    inputs: { tokenizer: input(Tokenizer, "makes the ids"), pairs: input(Pairs, "the texts") },
    outputs: { pairs: output(TokenPairs, "their ids") },
  }),
  defineStage({
    ...common,
    name: "train-simcse",
    usesSeed: true,
    config: Schema.Struct({ ...training, temperature: withDefault(Schema.Finite, 0.05) }),
    inputs: { model, sentences: input(Tokens, "what is trained on") },
    outputs: { encoder: output(BiEncoder, "the trained encoder") },
  }),
  defineStage({
    ...common,
    name: "pseudo-label",
    config: Schema.Struct({}),
    inputs: {
      pairs: input(TokenPairs, "what is scored"),
      encoder: inputOneOf([BiEncoder, CrossEncoder], "the teacher"),
    },
    outputs: {
      scores: outputFrom(
        ({ encoder }) => (encoder!.name === "CrossEncoder" ? Probabilities : Cosines),
        "one score a pair",
      ),
    },
  }),
  defineStage({
    ...common,
    name: "train-cross-encoder",
    usesSeed: true,
    config: Schema.Struct(training),
    inputs: { pairs: input(TokenPairs, "the pairs"), scores: input(Scores, "their scores"), model },
    outputs: { encoder: output(CrossEncoder, "the trained encoder") },
  }),
  defineStage({
    ...common,
    name: "train-bi-encoder",
    usesSeed: true,
    config: Schema.Struct(training),
    inputs: { pairs: input(TokenPairs, "the pairs"), scores: input(Probabilities, "their scores"), model },
    outputs: { encoder: output(BiEncoder, "the trained encoder") },
  }),
  defineStage({
    ...common,
    name: "evaluate-sts",
    config: Schema.Struct({}),
    inputs: {
      encoder: inputOneOf([BiEncoder, CrossEncoder], "what is judged"),
      pairs: input(TokenPairs, "the pairs"),
      gold: input(Gold, "their scores"),
    },
    outputs: { metrics: output(Metrics, "one row a test set") },
  }),
  defineStage({
    ...common,
    name: "sample",
    usesSeed: true,
    config: Schema.Struct({ rows: Schema.Int.annotate({ description: "how many rows are kept" }) }),
    inputs: { rows: inputOneOf([Sentences, Pairs], "what is sampled") },
    outputs: { rows: outputSameAs("rows", "the sample") },
  }),
  defineStage({
    ...common,
    name: "average-scores",
    config: Schema.Struct({}),
    inputs: { scores: listInput(Scores, "what is averaged"), weights: optionalInput(Scores, "one weight a row") },
    outputs: { scores: outputSameAs("scores", "the average") },
  }),
  // A cheap chain for loops: takes a number's worth of state, gives it on.
  defineStage({
    ...common,
    name: "count",
    config: Schema.Struct({ at: withDefault(Schema.Int, 0), label: withDefault(Schema.String, "") }),
    inputs: {
      from: optionalInput(Metrics, "the count so far"),
      all: { ...listInput(Metrics, "counts"), optional: true },
    },
    outputs: { metrics: output(Metrics, "the next count") },
  }),
];

export type Loaded =
  | { readonly graph: Graph; readonly text: undefined; readonly diagnostics: undefined }
  | { readonly graph: undefined; readonly text: string; readonly diagnostics: ReadonlyArray<Diagnostic> };

const directory = mkdtempSync(join(tmpdir(), "tandem-spec-"));
/** The folder the pipeline of `load` stands in, and its working directory. */
export const workingFolder = directory;

/** Loads a text as `x.yaml`; on mistakes the rendered messages. */
export function load(yaml: string, request: Partial<PipelineRequest> = {}): Loaded {
  writeFileSync(join(directory, "x.yaml"), yaml);
  const file = request.file ?? "x.yaml";
  const cwd = request.cwd ?? directory;
  const loading = loadPipeline({ sets: [], env: {}, stages: fakeStages, ...request, file, cwd }).pipe(
    Effect.catchTag("StoreError", Effect.die),
  );
  const result = Effect.runSync(Effect.result(loading));
  if (Result.isSuccess(result)) return { graph: result.success, text: undefined, diagnostics: undefined };
  const { diagnostics } = result.failure;
  const text = renderDiagnostics(diagnostics, (name) => readFileSync(resolve(cwd, name), "utf8"));
  return { graph: undefined, text, diagnostics };
}

/** The graph of a text that has no mistakes. */
export function graphOf(yaml: string, request: Partial<PipelineRequest> = {}): Graph {
  const { graph, text } = load(yaml, request);
  if (graph === undefined) throw new Error(text);
  return graph;
}

/** The messages for a text that has mistakes, as a person sees them. */
export function mistakesOf(yaml: string, request: Partial<PipelineRequest> = {}): string {
  const { text } = load(yaml, request);
  if (text === undefined) throw new Error("this pipeline has no mistakes");
  return text;
}

/** `distil[1].cross <- scores distil[1].labels.scores`: every link of a graph, in order. */
export const linkLines = (graph: Graph): ReadonlyArray<string> =>
  graph.steps.map((step) => {
    const ends = Object.entries(step.inputs).map(([port, value]) => {
      const links = Array.isArray(value) ? value : [value];
      return `${port} ${links.map((link) => `${graph.steps[link.step]!.id}.${link.port}`).join("+") || "none"}`;
    });
    return [step.id, ...ends].join(" < ");
  });

/** The design's pipeline, in short. */
export const transencoder = `name: transencoder
seed: 2021
params:
  cycles: 3
steps:
  backbone: { uses: load-model, with: { source: ./models/tiny } }
  corpus: { uses: read-sentences, with: { path: data/*.txt } }
  pairs: { uses: read-pairs, with: { path: data/pairs.tsv } }
  tokens: { uses: tokenize, in: { tokenizer: backbone.tokenizer, sentences: corpus } }
  tokenPairs: { uses: tokenize-pairs, in: { tokenizer: backbone.tokenizer, pairs: pairs.pairs } }
  bi0:
    uses: train-simcse
    in: { model: backbone.model, sentences: tokens }
    with: { temperature: 0.05, batchSize: 64, learningRate: 3e-5 }
  distil:
    repeat: "\${params.cycles}"
    carry: { teacher: bi0 }
    steps:
      labels: { uses: pseudo-label, in: { pairs: tokenPairs, encoder: teacher } }
      cross: { uses: train-cross-encoder, in: { pairs: tokenPairs, scores: labels, model: backbone.model }, with: { loss: bce } }
      scores: { uses: pseudo-label, in: { pairs: tokenPairs, encoder: cross } }
      student: { uses: train-bi-encoder, in: { pairs: tokenPairs, scores: scores, model: bi0 }, with: { loss: mse } }
      studentEval: { uses: evaluate-sts, in: { encoder: student, pairs: tokenPairs, gold: pairs.gold } }
    next: { teacher: student }
outputs: { encoder: distil.teacher }
`;
