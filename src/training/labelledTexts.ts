/** What Sentence-BERT learns from: texts in two or three columns, row by row, and what is said of each row. */
import type { EncoderModel, SpecialTokens } from "../nn/EncoderModel.ts";
import type { FocalOptions } from "../nn/losses/focal.ts";
import type { PairClassifier } from "../nn/modules/pairClassifier.ts";
import type { Concatenation } from "../nn/modules/pairFeatures.ts";
import { type Ragged, raggedRow, raggedRows } from "../nn/Ragged.ts";
import { requireKnownIds, requirePositions, requireRows, requireSameTokenizer } from "./checks.ts";
import { classesOf, type GoldLabels, requireGoldOf, scaledScores } from "./goldLabels.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

interface Texts {
  readonly special: SpecialTokens;
  /** Ids without special tokens; row i of all is one example. */
  readonly sides: ReadonlyArray<Ragged>;
  /** What is doubtful about the data. */
  readonly warnings: ReadonlyArray<string>;
}

export interface ClassifiedPairs extends Texts {
  readonly objective: "softmax";
  /** The class of each pair. */
  readonly labels: Int32Array;
  readonly classifier: PairClassifier;
  /** Of the features the classifier is shown. */
  readonly classifierDropout: number;
  readonly focalLoss: Required<FocalOptions>;
}

export interface ScoredTexts extends Texts {
  readonly objective: "regression";
  /** The cosine that each pair shall have. */
  readonly labels: Float32Array;
}

export interface Triples extends Texts {
  readonly objective: "triplet";
  readonly margin: number;
}

export type LabelledTexts = ClassifiedPairs | ScoredTexts | Triples;

interface TokenSide {
  readonly tokenizer: string;
  readonly special: SpecialTokens;
  readonly ids: Ragged;
}

interface PairSides {
  readonly tokenizer: string;
  readonly pairs: string;
  readonly special: SpecialTokens;
  readonly a: Ragged;
  readonly b: Ragged;
}

export interface LabelSettings {
  readonly objective: LabelledTexts["objective"];
  readonly concatenation: Concatenation;
  readonly classes?: number;
  readonly classifierSize: number;
  readonly classifierDropout: number;
  readonly focalGamma: number;
  readonly focalAlpha: number;
  readonly highestScore: number;
  readonly margin: number;
  readonly maxTokens: number;
}

/** What is linked: all of one kind, or some of it. */
export interface LabelPorts {
  readonly pairs?: PairSides | undefined;
  readonly gold?: GoldLabels | undefined;
  readonly anchors?: TokenSide | undefined;
  readonly positives?: TokenSide | undefined;
  readonly negatives?: TokenSide | undefined;
}

/** @throws TrainingFailure of reason `invalid` where ports, labels, model and settings do not fit each other */
export function labelledTexts(model: EncoderModel, ports: LabelPorts, settings: LabelSettings): LabelledTexts {
  requirePositions(model.config, settings.maxTokens);
  if (settings.objective === "triplet") return triples(model, ports, settings);
  const { pairs, gold } = linked(ports, ["pairs", "gold"], settings.objective);
  requireSameTokenizer(model, pairs, "pairs");
  requireTexts(model, pairs.a, "pairs", "pair");
  requireTexts(model, pairs.b, "pairs", "pair");
  requireGoldOf(pairs, gold);
  const texts = { special: pairs.special, sides: [pairs.a, pairs.b] };
  if (settings.objective === "regression") {
    const { values, warnings } = scaledScores(gold, settings.highestScore);
    return { ...texts, objective: "regression", labels: values, warnings };
  }
  const classes = classesOf(gold, settings.classes);
  return {
    ...texts,
    objective: "softmax",
    labels: classes.values,
    classifier: {
      concatenation: settings.concatenation,
      classes: classes.count,
      hiddenSize: settings.classifierSize,
    },
    classifierDropout: settings.classifierDropout,
    focalLoss: { gamma: settings.focalGamma, alpha: settings.focalAlpha },
    warnings: classes.warnings,
  };
}

function triples(model: EncoderModel, ports: LabelPorts, { margin }: LabelSettings): Triples {
  const names = ["anchors", "positives", "negatives"] as const;
  const sides = linked(ports, names, "triplet");
  const counts = names.map((port) => {
    requireSameTokenizer(model, sides[port], port);
    requireTexts(model, sides[port].ids, port, "sentence");
    return raggedRows(sides[port].ids);
  });
  if (new Set(counts).size > 1)
    throw new TrainingFailure(
      "invalid",
      `Row by row anchors, positives and negatives are one example, but there are ${counts.slice(0, 2).join(", ")} and ${counts[2]} of them.`,
      "Link three columns of as many rows, in the same order.",
    );
  const { special } = sides.anchors;
  return { special, sides: names.map((port) => sides[port].ids), warnings: [], objective: "triplet", margin };
}

/** The ports that an objective needs, all there. */
function linked<Name extends keyof LabelPorts>(ports: LabelPorts, names: ReadonlyArray<Name>, objective: string) {
  const missing = names.filter((port) => ports[port] === undefined);
  const others = Object.keys(ports).filter(
    (port) => ports[port as Name] !== undefined && !names.includes(port as Name),
  );
  if (missing.length === 0 && others.length === 0)
    return ports as { readonly [name in Name]-?: NonNullable<LabelPorts[name]> }; // cast: none is missing
  throw new TrainingFailure(
    "invalid",
    missing.length > 0
      ? `The objective ${objective} learns from ${list(names)}, but nothing is linked to ${list(missing)}.`
      : `The objective ${objective} learns from ${list(names)}, so what is linked to ${list(others)} would be left out.`,
    "Link pairs and gold for softmax and regression, or anchors, positives and negatives for triplet.",
  );
}

const list = (words: ReadonlyArray<string>): string =>
  words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** Some rows, all with known ids, and none without a token: what is said of an empty text teaches nothing about texts. */
function requireTexts({ config }: EncoderModel, texts: Ragged, port: string, unit: string): void {
  requireRows(texts, 1, port, unit);
  requireKnownIds(config, texts, port);
  for (let row = 0; row < raggedRows(texts); row++)
    if (raggedRow(texts, row).length === 0)
      throw new TrainingFailure(
        "invalid",
        `A text of ${unit} ${row + 1} on port "${port}" has no token.`,
        "Take the row out of the data, or fill it in.",
      );
}
