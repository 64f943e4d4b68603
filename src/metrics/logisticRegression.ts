/**
 * Multinomial logistic regression on frozen features, as SentEval trains it: Adam or RMSprop over mini-batches, L2 in the
 * gradient, stopped when a held-out part has not got better for a while; the weights of the best look are kept.
 *
 * Source: Conneau, Kiela, "SentEval", LREC 2018, and its released `tools/classifier.py` with nhid 0.
 */

/** Rows of features with their classes, 0 … classes − 1. */
export interface LabelledRows {
  readonly dimension: number;
  /** [rows, dimension] */
  readonly features: Float32Array;
  readonly classes: Int32Array;
}

export interface ClassifierOptions {
  readonly optimizer: "adam" | "rmsprop";
  readonly batchSize: number;
  /** Passes over the rows between two looks at the held-out part. */
  readonly epochSize: number;
  /** Looks without gain after which one more ends the training. */
  readonly tenacity: number;
  readonly maxEpochs: number;
}

/** SentEval's two settings: of its published numbers, and a quick one for prototyping. */
export const classifierSettings = {
  test: { optimizer: "adam", batchSize: 64, epochSize: 4, tenacity: 5, maxEpochs: 200 },
  fast: { optimizer: "rmsprop", batchSize: 128, epochSize: 2, tenacity: 3, maxEpochs: 200 },
} as const satisfies { readonly [name: string]: ClassifierOptions };

export interface Classifier {
  readonly count: number;
  /** [count, dimension] */
  readonly weights: Float64Array;
  /** [count] */
  readonly bias: Float64Array;
}

/** Uniform numbers in 0 … 1: for the first weights and the order of rows. */
export type Uniform = () => number;

/**
 * @param count classes @param held rows that say when to stop @param regularization L2 per parameter, weights and bias
 * @returns the classifier of the best accuracy on `held`, and that accuracy, 0 to 1
 */
export function trainClassifier(
  rows: LabelledRows,
  held: LabelledRows,
  count: number,
  regularization: number,
  options: ClassifierOptions,
  uniform: Uniform,
): { readonly classifier: Classifier; readonly accuracy: number } {
  const classifier = freshClassifier(count, rows.dimension, uniform);
  const state = emptyMoments(classifier);
  let best = { classifier: copyOf(classifier), accuracy: -1 };
  let without = 0;
  for (let epoch = 0; epoch <= options.maxEpochs; epoch += options.epochSize) {
    for (let pass = 0; pass < options.epochSize; pass++)
      passOver(rows, classifier, state, regularization, options, shuffled(rows.classes.length, uniform));
    const accuracy = accuracyOf(classifier, held);
    if (accuracy > best.accuracy) best = { classifier: copyOf(classifier), accuracy };
    else if (without++ >= options.tenacity) break;
  }
  return best;
}

/** Share of rows put into their class, 0 to 1. */
export function accuracyOf(classifier: Classifier, rows: LabelledRows): number {
  const predicted = predictClasses(classifier, rows);
  let right = 0;
  rows.classes.forEach((wanted, row) => (right += predicted[row] === wanted ? 1 : 0));
  return right / rows.classes.length;
}

/** The class of each row; of equally likely ones the first. */
export function predictClasses(classifier: Classifier, { features, classes, dimension }: LabelledRows): Int32Array {
  const logits = new Float64Array(classifier.count);
  return Int32Array.from(classes, (_, row) => {
    logitsOf(classifier, features, row * dimension, logits);
    return logits.indexOf(Math.max(...logits));
  });
}

/** PyTorch's linear layer: uniform within ±1/√dimension. */
function freshClassifier(count: number, dimension: number, uniform: Uniform): Classifier {
  const bound = 1 / Math.sqrt(dimension);
  const draw = () => (2 * uniform() - 1) * bound;
  return {
    count,
    weights: Float64Array.from({ length: count * dimension }, draw),
    bias: Float64Array.from({ length: count }, draw),
  };
}

const copyOf = ({ count, weights, bias }: Classifier): Classifier => ({
  count,
  weights: weights.slice(),
  bias: bias.slice(),
});

/** Rows 0 … count − 1 in random order (Fisher, Yates). */
export function shuffled(count: number, uniform: Uniform): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

interface Moments {
  step: number;
  readonly first: Classifier;
  readonly second: Classifier;
}

const emptyMoments = ({ count, weights }: Classifier): Moments => {
  const zeros = () => ({ count, weights: new Float64Array(weights.length), bias: new Float64Array(count) });
  return { step: 0, first: zeros(), second: zeros() };
};

function passOver(
  { features, classes, dimension }: LabelledRows,
  classifier: Classifier,
  moments: Moments,
  regularization: number,
  { optimizer, batchSize }: ClassifierOptions,
  order: Uint32Array,
): void {
  const { count, weights, bias } = classifier;
  const gradient = { weights: new Float64Array(weights.length), bias: new Float64Array(count) };
  const logits = new Float64Array(count);
  for (let from = 0; from < order.length; from += batchSize) {
    const batch = order.subarray(from, from + batchSize);
    weights.forEach((value, i) => (gradient.weights[i] = regularization * value));
    bias.forEach((value, i) => (gradient.bias[i] = regularization * value));
    for (const row of batch) {
      logitsOf(classifier, features, row * dimension, logits);
      softmax(logits);
      logits[classes[row]!]! -= 1;
      addOuter(gradient, logits, features, row * dimension, dimension, 1 / batch.length);
    }
    const update = optimizer === "adam" ? adam : rmsProp;
    moments.step++;
    update(weights, gradient.weights, moments.first.weights, moments.second.weights, moments.step);
    update(bias, gradient.bias, moments.first.bias, moments.second.bias, moments.step);
  }
}

function logitsOf({ count, weights, bias }: Classifier, features: Float32Array, at: number, into: Float64Array): void {
  const dimension = weights.length / count;
  for (let k = 0; k < count; k++) {
    let sum = bias[k]!;
    for (let i = 0, w = k * dimension; i < dimension; i++, w++) sum += weights[w]! * features[at + i]!;
    into[k] = sum;
  }
}

function softmax(logits: Float64Array): void {
  const highest = Math.max(...logits);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += logits[k] = Math.exp(logits[k]! - highest);
  for (let k = 0; k < logits.length; k++) logits[k]! /= sum;
}

function addOuter(
  gradient: { readonly weights: Float64Array; readonly bias: Float64Array },
  errors: Float64Array,
  features: Float32Array,
  at: number,
  dimension: number,
  scale: number,
): void {
  for (let k = 0; k < errors.length; k++) {
    const error = errors[k]! * scale;
    gradient.bias[k]! += error;
    for (let i = 0, w = k * dimension; i < dimension; i++, w++) gradient.weights[w]! += error * features[at + i]!;
  }
}

type Update = (
  values: Float64Array,
  gradient: Float64Array,
  first: Float64Array,
  second: Float64Array,
  step: number,
) => void;

/** PyTorch's defaults: learning rate 1e-3, β 0.9 and 0.999, ε 1e-8. */
const adam: Update = (values, gradient, first, second, step) => {
  const size = 1e-3 / (1 - 0.9 ** step);
  const correction = Math.sqrt(1 - 0.999 ** step);
  for (let i = 0; i < values.length; i++) {
    first[i] = 0.9 * first[i]! + 0.1 * gradient[i]!;
    second[i] = 0.999 * second[i]! + 0.001 * gradient[i]! ** 2;
    values[i]! -= (size * first[i]!) / (Math.sqrt(second[i]!) / correction + 1e-8);
  }
};

/** PyTorch's defaults: learning rate 1e-2, α 0.99, ε 1e-8. */
const rmsProp: Update = (values, gradient, _first, second) => {
  for (let i = 0; i < values.length; i++) {
    second[i] = 0.99 * second[i]! + 0.01 * gradient[i]! ** 2;
    values[i]! -= (1e-2 * gradient[i]!) / (Math.sqrt(second[i]!) + 1e-8);
  }
};
