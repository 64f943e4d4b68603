/**
 * How well a linear classifier on frozen features does, by SentEval's three ways, which follow from the data there is:
 *
 * - rows alone (MR, CR, SUBJ, MPQA): each fold is tested once, the strength of L2 chosen by folds within the others;
 * - train and test (TREC, MRPC): chosen by folds of train, tested on test;
 * - train, dev and test (SST, SICK-E): chosen on dev, tested on test.
 *
 * Source: SentEval's released `tools/validation.py`; folds are stratified and shuffled. Random numbers are our own, so single
 * figures differ from its by what another seed would change.
 */
import {
  accuracyOf,
  type ClassifierOptions,
  type LabelledRows,
  predictClasses,
  shuffled,
  trainClassifier,
  type Uniform,
} from "./logisticRegression.ts";

export interface TransferData {
  readonly train: LabelledRows;
  readonly dev?: LabelledRows;
  readonly test?: LabelledRows;
}

export interface TransferOptions {
  readonly classes: number;
  /** Of the folds. */
  readonly folds: number;
  readonly classifier: ClassifierOptions;
  readonly uniform: Uniform;
}

export interface TransferResult {
  /** 0 to 1, by which L2 was chosen. */
  readonly devAccuracy: number;
  /** 0 to 1 */
  readonly accuracy: number;
  /** Classes of the test rows; absent without test rows. */
  readonly predicted?: Int32Array;
}

/** L2 strengths that are tried. */
const strengths = [1e-5, 1e-4, 1e-3, 1e-2] as const;
/** Of the rows trained on, where no dev rows say when to stop. */
const heldShare = 0.05;

/** Awaited after every fold or strength that is done: to tell, to let others run, to end it all by throwing. */
export type OnFold = (done: number, total: number) => Promise<void>;

/** @throws RangeError where folds are needed and a class has fewer rows than there are */
export async function transferAccuracy(
  { train, dev, test }: TransferData,
  options: TransferOptions,
  onFold: OnFold = async () => undefined,
): Promise<TransferResult> {
  if (test === undefined) return await nestedFolds(train, options, onFold);
  const accuracyWith = (strength: number): number =>
    dev === undefined ? foldAccuracy(train, strength, options) : fit(train, dev, strength, options).accuracy;
  const choice = await bestStrength(accuracyWith, onFold);
  const { classifier } =
    dev === undefined ? fitHolding(train, choice.strength, options) : fit(train, dev, choice.strength, options);
  return {
    devAccuracy: choice.accuracy,
    accuracy: accuracyOf(classifier, test),
    predicted: predictClasses(classifier, test),
  };
}

async function nestedFolds(rows: LabelledRows, options: TransferOptions, onFold: OnFold): Promise<TransferResult> {
  const folds = stratifiedFolds(rows.classes, options);
  const results: Array<TransferResult> = [];
  for (const tested of folds) {
    const train = rowsOf(rows, without(rows.classes.length, tested));
    const ofStrengths: OnFold = (done, total) => onFold(results.length * total + done, folds.length * total);
    const choice = await bestStrength((strength) => foldAccuracy(train, strength, options), ofStrengths);
    const { classifier } = fitHolding(train, choice.strength, options);
    results.push({ devAccuracy: choice.accuracy, accuracy: accuracyOf(classifier, rowsOf(rows, tested)) });
  }
  return {
    devAccuracy: mean(results.map((result) => result.devAccuracy)),
    accuracy: mean(results.map((result) => result.accuracy)),
  };
}

async function bestStrength(accuracyWith: (strength: number) => number, onDone: OnFold) {
  let best = { strength: strengths[0] as number, accuracy: -1 };
  for (const [i, strength] of strengths.entries()) {
    // Two decimals of a percentage, as SentEval compares them; the first wins.
    const accuracy = Math.round(1e4 * accuracyWith(strength)) / 1e4;
    if (accuracy > best.accuracy) best = { strength, accuracy };
    await onDone(i + 1, strengths.length);
  }
  return best;
}

function foldAccuracy(rows: LabelledRows, strength: number, options: TransferOptions): number {
  const folds = stratifiedFolds(rows.classes, options);
  return mean(
    folds.map((held) => {
      const train = rowsOf(rows, without(rows.classes.length, held));
      return fit(train, rowsOf(rows, held), strength, options).accuracy;
    }),
  );
}

const fit = (
  train: LabelledRows,
  held: LabelledRows,
  strength: number,
  { classes, classifier, uniform }: TransferOptions,
) => trainClassifier(train, held, classes, strength, classifier, uniform);

function fitHolding(rows: LabelledRows, strength: number, options: TransferOptions) {
  const order = [...shuffled(rows.classes.length, options.uniform)];
  const held = Math.max(1, Math.floor(heldShare * order.length));
  return fit(rowsOf(rows, order.slice(held)), rowsOf(rows, order.slice(0, held)), strength, options);
}

/** Rows of each fold: every class spread evenly, in random order. */
export function stratifiedFolds(
  classes: Int32Array,
  { folds, uniform }: Pick<TransferOptions, "folds" | "uniform">,
): ReadonlyArray<ReadonlyArray<number>> {
  const result: Array<Array<number>> = Array.from({ length: folds }, () => []);
  let next = 0;
  for (const [name, rows] of Map.groupBy(classes.keys(), (row) => classes[row]!)) {
    if (rows.length < folds) throw new RangeError(`class ${name} has ${rows.length} rows, fewer than ${folds} folds`);
    for (const place of shuffled(rows.length, uniform)) result[next++ % folds]!.push(rows[place]!);
  }
  return result;
}

function without(rows: number, left: ReadonlyArray<number>): ReadonlyArray<number> {
  const out = new Set(left);
  return Array.from({ length: rows }, (_, row) => row).filter((row) => !out.has(row));
}

function rowsOf({ features, classes, dimension }: LabelledRows, rows: ReadonlyArray<number>): LabelledRows {
  const chosen = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) => chosen.set(features.subarray(row * dimension, (row + 1) * dimension), i * dimension));
  return { dimension, features: chosen, classes: Int32Array.from(rows, (row) => classes[row]!) };
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length;
