/** The README of an exported model: what it is, how to use it from each loader, how good it is, and how it was made. */
import type { Json } from "../core/canonicalJson.ts";
import { type BiEncoder, embeddingDimension, type EncoderModel } from "../nn/EncoderModel.ts";
import { architectures } from "./architectures.ts";
import { longestInput } from "./exportFiles.ts";
import { modelUsage } from "./modelUsage.ts";

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

/** A model made elsewhere that training began with. */
export interface StartingModel {
  /** As the pipeline says it: a folder, or `hub:owner/name@commit`. */
  readonly source: string;
  /** `owner/name`, where it comes from the hub. */
  readonly hubName?: string;
  /** As its own card names it. */
  readonly license?: string;
}

/** A row for each evaluation, its numbers as texts in the order of `names`. */
export interface ModelMetrics {
  readonly names: ReadonlyArray<string>;
  readonly rows: ReadonlyArray<{
    /** The output that was evaluated. */
    readonly model: string;
    /** The step that did it. */
    readonly step: string;
    readonly cells: ReadonlyArray<string>;
  }>;
}

export interface CardFacts {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** `distil[2].student.encoder` */
  readonly output: string;
  readonly digest: string;
  readonly model: EncoderModel;
  readonly steps: ReadonlyArray<LineageStep>;
  readonly starts: ReadonlyArray<StartingModel>;
  /** Of this model and of those behind it. */
  readonly metrics: ModelMetrics;
  /** Whether there is an ONNX model with 8-bit weights. */
  readonly int8: boolean;
}

/** Markdown with the header that model hubs read. No clock and no host: equal models have equal cards. */
export function modelCard(facts: CardFacts): string {
  return [
    ...header(facts),
    "",
    `# ${facts.pipeline}: ${facts.output}`,
    "",
    ...description(facts),
    ...startingFrom(facts),
    "",
    "## Use",
    "",
    "`DIR` is this folder.",
    ...modelUsage(facts),
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

const header = ({ model: { kind }, starts }: CardFacts): ReadonlyArray<string> => [
  "---",
  ...(starts.some(({ hubName }) => hubName !== undefined) ? ["base_model:"] : []),
  ...starts.flatMap(({ hubName }) => (hubName === undefined ? [] : [`- ${hubName}`])),
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
      const layer = model.dense === undefined ? "" : ", a linear layer";
      const unit = model.normalize ? ", scaled to unit length" : "";
      return [
        `A bi-encoder: it maps a sentence to ${embeddingDimension(model)} numbers (${pooled(model)}${layer}${unit}), to be compared by cosine.`,
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

function pooled({ pooling }: BiEncoder): string {
  if (pooling === "cls") return "the first token";
  return pooling === "max" ? "the greatest of each channel over all tokens" : "the mean of all tokens";
}

/** A licence is for people to judge: only where to look, and what stands there. */
function startingFrom({ starts }: CardFacts): ReadonlyArray<string> {
  return starts.flatMap(({ source, hubName, license }) => {
    const name = hubName === undefined ? `\`${source}\`` : `[${hubName}](https://huggingface.co/${hubName})`;
    const terms = license === undefined ? "look there before passing this one on" : `its card says \`${license}\``;
    return ["", `Training began with ${name}. Mind that model's licence: ${terms}.`];
  });
}

function metricsTable({ metrics: { names, rows }, output }: CardFacts): ReadonlyArray<string> {
  if (rows.length === 0) return [];
  return [
    "",
    "## Metrics",
    "",
    `${judgedModels(rows, output)} A test set's column, and \`average\` over all of them, is Spearman's correlation × 100 of scores and gold; \`alignment\` and \`uniformity\` are better the lower they are.`,
    "",
    `| ${["model", "evaluated by", ...names].map(cell).join(" | ")} |`,
    `| --- | --- |${" ---: |".repeat(names.length)}`,
    ...rows.map(({ model, step, cells }) => {
      const bold = (text: string) => (model === output && text !== "" ? `**${text}**` : text);
      return `| ${[bold(cell(model)), cell(step), ...cells.map(bold)].join(" | ")} |`;
    }),
  ];
}

function judgedModels(rows: ModelMetrics["rows"], output: string): string {
  if (rows.every(({ model }) => model === output)) return "Of this model.";
  return rows.some(({ model }) => model === output)
    ? "Of this model (bold) and of those it was made from."
    : "Of models it was made from; this one itself was not evaluated.";
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
