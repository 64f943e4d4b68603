/** The README of an exported model: what it is, how to use it from each loader, how good it is, and how it was made. */
import type { Json } from "../core/canonicalJson.ts";
import type { EncoderModel } from "../nn/EncoderModel.ts";
import { architectures } from "./architectures.ts";
import { longestInput } from "./exportFiles.ts";

export interface LineageStep {
  readonly step: string;
  /** `train-simcse@1` */
  readonly stage: string;
  readonly settings: { readonly [field: string]: Json | undefined };
  readonly seed?: number;
  /** `sentences: tokens.tokens` */
  readonly inputs: ReadonlyArray<string>;
  readonly fingerprint: string;
  readonly outputs: { readonly [port: string]: string };
}

export interface ModelMetric {
  readonly step: string;
  readonly name: string;
  readonly value: number;
}

export interface CardFacts {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** `distil[2].student.encoder` */
  readonly output: string;
  readonly digest: string;
  readonly model: EncoderModel;
  readonly steps: ReadonlyArray<LineageStep>;
  readonly metrics: ReadonlyArray<ModelMetric>;
  /** Whether there is an ONNX model with 8-bit weights. */
  readonly int8: boolean;
}

/** Markdown with the header that model hubs read. No clock and no host: equal models have equal cards. */
export function modelCard(facts: CardFacts): string {
  return [
    ...header(facts.model),
    "",
    `# ${facts.pipeline}: ${facts.output}`,
    "",
    ...description(facts),
    "",
    "## Use",
    "",
    ...usage(facts),
    ...metricsTable(facts),
    "",
    "## How it was made",
    "",
    `The output \`${facts.output}\` of the pipeline \`${facts.pipeline}\`, content digest \`${facts.digest}\`, by these steps:`,
    "",
    ...lineageTable(facts.steps),
    "",
  ].join("\n");
}

const header = ({ kind }: EncoderModel): ReadonlyArray<string> => [
  "---",
  `library_name: ${kind === "backbone" ? "transformers" : "sentence-transformers"}`,
  `pipeline_tag: ${{ backbone: "feature-extraction", "bi-encoder": "sentence-similarity", "cross-encoder": "text-ranking" }[kind]}`,
  "tags:",
  ...(kind === "backbone" ? [] : ["- sentence-transformers"]),
  ...(kind === "cross-encoder" ? ["- cross-encoder"] : []),
  ...(kind === "bi-encoder" ? ["- feature-extraction", "- sentence-similarity"] : []),
  "- transformers",
  "- transformers.js",
  "- onnx",
  "- tandem",
  "---",
];

function description({ model }: CardFacts): ReadonlyArray<string> {
  const { architecture, layers, hiddenSize, heads, vocabSize } = model.config;
  const shape = `${architectures[architecture].title} of ${layers} layers, ${heads} heads, width ${hiddenSize}, ${vocabSize} tokens in its vocabulary`;
  const longest = `input of at most ${longestInput(model)} tokens, special ones included`;
  switch (model.kind) {
    case "backbone":
      return [`An encoder without a head: ${shape}; ${longest}.`];
    case "bi-encoder": {
      const pooling = model.pooling === "mean" ? "the mean of all tokens" : "the first token";
      const unit = model.normalize ? ", scaled to unit length" : "";
      return [
        `A bi-encoder: it maps a sentence to ${hiddenSize} numbers (${pooling}${unit}), to be compared by cosine.`,
        `${shape}; ${longest}.`,
      ];
    }
    case "cross-encoder":
      return [
        "A cross-encoder: it reads two sentences together and gives one logit; its sigmoid is the probability that they are alike.",
        `${shape}; ${longest}.`,
      ];
  }
}

const block = (language: string, ...lines: ReadonlyArray<string>) => [`\`\`\`${language}`, ...lines, "```"];

function usage({ model, int8 }: CardFacts): ReadonlyArray<string> {
  const dtype = int8 ? '"fp32" or "q8"' : '"fp32"';
  if (model.kind === "cross-encoder")
    return [
      ...block(
        "python",
        "from sentence_transformers import CrossEncoder",
        'model = CrossEncoder("DIR")',
        'scores = model.predict([("one sentence", "another")])',
      ),
      ...block(
        "js",
        'import { AutoModelForSequenceClassification, AutoTokenizer } from "@huggingface/transformers";',
        'const tokenizer = await AutoTokenizer.from_pretrained("DIR");',
        `const model = await AutoModelForSequenceClassification.from_pretrained("DIR", { dtype: "fp32" }); // ${dtype}`,
        'const { logits } = await model(tokenizer("one sentence", { text_pair: "another" }));',
      ),
    ];
  const options =
    model.kind === "bi-encoder"
      ? `{ pooling: "${model.pooling}", normalize: ${model.normalize} }`
      : `{ pooling: "none" }`;
  const python =
    model.kind === "bi-encoder"
      ? [
          "from sentence_transformers import SentenceTransformer",
          'model = SentenceTransformer("DIR")',
          'embeddings = model.encode(["one sentence", "another"])',
        ]
      : ["from transformers import AutoModel, AutoTokenizer", 'tokenizer, model = AutoTokenizer.from_pretrained("DIR"), AutoModel.from_pretrained("DIR")']; // prettier-ignore
  return [
    ...block("python", ...python),
    ...block(
      "js",
      'import { pipeline } from "@huggingface/transformers";',
      `const encode = await pipeline("feature-extraction", "DIR", { dtype: "fp32" }); // ${dtype}`,
      `const embeddings = await encode(["one sentence", "another"], ${options});`,
    ),
    ...(model.kind === "bi-encoder" ? block("sh", 'pipeline encode DIR "one sentence" "another"') : []),
    "",
    `All give the same embeddings, but of texts beyond ${longestInput(model)} tokens: there transformers.js cuts off the closing special token too.`,
  ];
}

function metricsTable({ metrics }: CardFacts): ReadonlyArray<string> {
  if (metrics.length === 0) return [];
  return [
    "",
    "## Metrics",
    "",
    "Spearman's correlation × 100 unless the name says otherwise.",
    "",
    "| step | metric | value |",
    "| --- | --- | ---: |",
    ...metrics.map(({ step, name, value }) => `| ${cell(step)} | ${cell(name)} | ${value.toFixed(2)} |`),
  ];
}

const lineageTable = (steps: ReadonlyArray<LineageStep>): ReadonlyArray<string> => [
  "| step | stage | inputs | settings | fingerprint |",
  "| --- | --- | --- | --- | --- |",
  ...steps.map(({ step, stage, inputs, settings, seed, fingerprint }) => {
    const given = [
      ...Object.entries(settings).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`],
      ),
      ...(seed === undefined ? [] : [`seed: ${seed}`]),
    ];
    const cells = [step, stage, inputs.join(", "), given.join(", ")].map(cell);
    return `| ${cells.join(" | ")} | \`${fingerprint.slice(0, 12)}\` |`;
  }),
];

/** Text inside a cell of a table. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
