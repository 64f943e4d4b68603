/** How an exported model is used from each loader: the part of its card that people copy. A test runs what stands there. */
import type { BiEncoder, CrossEncoder, EncoderModel, Pooling } from "../nn/EncoderModel.ts";
import { poolingText } from "../nn/pooling.ts";
import { longestInput } from "./exportFiles.ts";

export interface UsageFacts {
  readonly model: EncoderModel;
  /** Whether there is an ONNX model with 8-bit weights. */
  readonly int8: boolean;
}

/** Markdown; `DIR` stands for the folder. */
export function modelUsage({ model, int8 }: UsageFacts): ReadonlyArray<string> {
  switch (model.kind) {
    case "bi-encoder":
      return biEncoderUsage(model, int8);
    case "cross-encoder":
      return crossEncoderUsage(model, int8);
    case "backbone":
      return [...transformersUsage(...encoded, ...hiddenStates), ...transformersJsUsage('{ pooling: "none" }', int8)];
  }
}

const block = (loader: string, language: string, ...lines: ReadonlyArray<string>): ReadonlyArray<string> => [
  "",
  `### ${loader}`,
  "",
  `\`\`\`${language}`,
  ...lines,
  "```",
];

/** What transformers.js cannot do of a model. */
const missingThere = ({ pooling, dense }: BiEncoder): string | undefined =>
  pooling === "max" ? "pooling" : dense === undefined ? undefined : "layer";

const biEncoderUsage = (model: BiEncoder, int8: boolean): ReadonlyArray<string> => [
  ...block(
    "sentence-transformers",
    "python",
    "from sentence_transformers import SentenceTransformer",
    "",
    'model = SentenceTransformer("DIR")',
    'embeddings = model.encode(["one sentence", "another"])',
    "similarities = model.similarity(embeddings, embeddings)  # cosines",
  ),
  ...transformersUsage(...encoded, ...hiddenStates, ...pooled(model)),
  ...(missingThere(model) !== undefined
    ? []
    : transformersJsUsage(`{ pooling: "${poolingText(model.pooling)}", normalize: ${model.normalize} }`, int8)),
  ...block(
    "tandem",
    "sh",
    'pipeline encode DIR "one sentence" "another"',
    'pipeline similarity DIR "one sentence" "another"',
  ),
  "",
  missingThere(model) !== undefined
    ? `All give the same embeddings, to rounding. transformers.js reads the model, but has no such ${missingThere(model)}: it gives the tokens' vectors.`
    : `All give the same embeddings, to rounding. Only of texts beyond ${longestInput(model)} tokens those of transformers.js differ: it cuts off the closing special token too.`,
];

const crossEncoderUsage = (model: CrossEncoder, int8: boolean): ReadonlyArray<string> => [
  ...block(
    "sentence-transformers",
    "python",
    "from sentence_transformers import CrossEncoder",
    "",
    'model = CrossEncoder("DIR")',
    'scores = model.predict([("one sentence", "another")])',
  ),
  ...block(
    "transformers",
    "python",
    "import torch",
    "from transformers import AutoModelForSequenceClassification, AutoTokenizer",
    "",
    'tokenizer = AutoTokenizer.from_pretrained("DIR")',
    'model = AutoModelForSequenceClassification.from_pretrained("DIR")',
    'batch = tokenizer(["one sentence"], ["another"], padding=True, truncation=True, return_tensors="pt")',
    "with torch.no_grad():",
    "    scores = model(**batch).logits.squeeze(-1).sigmoid()",
  ),
  ...block(
    "transformers.js",
    "js",
    'import { AutoModelForSequenceClassification, AutoTokenizer } from "@huggingface/transformers";',
    "",
    'const tokenizer = await AutoTokenizer.from_pretrained("./DIR");',
    `const model = await AutoModelForSequenceClassification.from_pretrained("./DIR", { dtype: "fp32" });${orInt8(int8)}`,
    'const { logits } = await model(tokenizer(["one sentence"], { text_pair: ["another"], padding: true }));',
    "const scores = logits.sigmoid().data;",
  ),
  ...block("tandem", "sh", 'pipeline similarity DIR "one sentence" "another"'),
  "",
  `All give the same scores, to rounding. Only of pairs beyond ${longestInput(model)} tokens those of transformers.js differ: it cuts off the closing special token too.`,
];

const transformersUsage = (...lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  block(
    "transformers",
    "python",
    "import torch",
    "from transformers import AutoModel, AutoTokenizer",
    "",
    'tokenizer = AutoTokenizer.from_pretrained("DIR")',
    'model = AutoModel.from_pretrained("DIR")',
    ...lines,
  );

const encoded = [
  'batch = tokenizer(["one sentence", "another"], padding=True, truncation=True, return_tensors="pt")',
] as const;
const hiddenStates = ["with torch.no_grad():", "    tokens = model(**batch).last_hidden_state"] as const;

const pooled = ({ pooling, normalize, dense }: BiEncoder): ReadonlyArray<string> => [
  ...poolingLines(pooling),
  ...(dense === undefined ? [] : denseLines),
  ...(normalize ? ["embeddings = torch.nn.functional.normalize(embeddings)"] : []),
];

const denseLines = [
  "from safetensors.torch import load_file",
  "",
  'dense = load_file("DIR/2_Dense/model.safetensors")',
  'embeddings = embeddings @ dense["linear.weight"].T + dense["linear.bias"]',
];

function poolingLines(pooling: Pooling): ReadonlyArray<string> {
  if (pooling === "cls") return ["embeddings = tokens[:, 0]"];
  const mask = 'mask = batch["attention_mask"].unsqueeze(-1)';
  if (pooling === "max")
    return [
      mask,
      "embeddings = tokens.masked_fill(mask == 0, -1e9).max(1).values  # the greatest of all tokens but padding",
    ];
  return [mask, "embeddings = (tokens * mask).sum(1) / mask.sum(1)  # the mean of all tokens but padding"];
}

const transformersJsUsage = (options: string, int8: boolean): ReadonlyArray<string> =>
  block(
    "transformers.js",
    "js",
    'import { pipeline } from "@huggingface/transformers";',
    "",
    `const encode = await pipeline("feature-extraction", "./DIR", { dtype: "fp32" });${orInt8(int8)}`,
    `const embeddings = await encode(["one sentence", "another"], ${options});`,
  );

const orInt8 = (int8: boolean): string => (int8 ? ' // or "q8", with 8-bit weights' : "");
