/**
 * The numbers that `pipeline loss` is given: `{inputs: {…}, with: {…}}` as JSON, checked against the description of the loss.
 * Every mistake is one sentence that names the number.
 */
import { either, listed, nameHint, quoted } from "../core/suggest.ts";
import type { LossDescription, LossInput, LossOption } from "../nn/losses/LossDescription.ts";
import { LossInputError, requireShapes } from "../nn/losses/requireShapes.ts";
import { UsageError } from "./commandLine.ts";

export interface GivenInput {
  readonly name: string;
  /** A plain number has none, and its gradient is one. */
  readonly written: ReadonlyArray<number>;
  readonly shape: ReadonlyArray<number>;
  readonly isWhole: boolean;
  readonly values: ReadonlyArray<number>;
}

export interface GivenNumbers {
  readonly inputs: ReadonlyArray<GivenInput>;
  readonly options: { readonly [name: string]: number | string };
}

type Fields = { readonly [name: string]: unknown };

/** @param place where the text came from @throws UsageError */
export function readLossNumbers(loss: LossDescription, text: string, place: string): GivenNumbers {
  const whatItTakes = `\`pipeline loss ${loss.name} --describe\` says what it takes`;
  const refuse = (message: string, hint = whatItTakes) => new UsageError(message, hint, place);
  const { inputs, with: options = {} } = topLevel(text, refuse);
  if (!isFields(inputs)) throw refuse("`inputs` is no object of names and numbers");
  if (!isFields(options)) throw refuse("`with` is no object of options");
  const given = readInputs(loss, inputs, refuse);
  return { inputs: given, options: readOptions(loss, options, refuse) };
}

type Refuse = (message: string, hint?: string) => UsageError;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function topLevel(text: string, refuse: Refuse): Fields {
  const form = 'wanted is {"inputs": {…}, "with": {…}}';
  if (text.trim() === "") throw refuse("there are no numbers here", `${form}; --describe says what a loss takes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`this is no JSON: ${(error as Error).message}`, form);
  }
  if (!isFields(value)) throw refuse("this is no JSON object", form);
  const unknown = Object.keys(value).find((key) => !["inputs", "with"].includes(key));
  if (unknown !== undefined) throw refuse(`${quoted(unknown)} is not known here`, form);
  if (!("inputs" in value)) throw refuse("`inputs` is missing", form);
  return value;
}

function requireKnown(names: Iterable<string>, known: Fields, what: string, loss: string, refuse: Refuse): void {
  for (const name of names)
    if (!Object.hasOwn(known, name))
      throw refuse(
        `${quoted(loss)} has no ${what} ${quoted(name)}`,
        Object.keys(known).length === 0 ? "it has none" : nameHint(name, Object.keys(known), `its ${what}s`),
      );
}

function readInputs(loss: LossDescription, inputs: Fields, refuse: Refuse): ReadonlyArray<GivenInput> {
  requireKnown(Object.keys(inputs), loss.inputs, "input", loss.name, refuse);
  const missing = Object.entries(loss.inputs).find(([name, { optional }]) => !optional && !Object.hasOwn(inputs, name));
  if (missing !== undefined)
    throw refuse(`${quoted(loss.name)} needs the input ${quoted(missing[0])} [${missing[1].shape.join(", ")}]`);
  const given = Object.entries(loss.inputs)
    .filter(([name]) => Object.hasOwn(inputs, name))
    .map(([name, spec]) => readInput(name, spec, inputs[name], refuse));
  const lengths = lengthsOf(loss, given, refuse);
  for (const input of given) requireBelow(input, loss.inputs[input.name]!, lengths, refuse);
  return given;
}

function readInput(name: string, spec: LossInput, value: unknown, refuse: Refuse): GivenInput {
  const written = shapeOf(name, value, refuse);
  // One number stands for a list of one.
  const shape = written.length === 0 && spec.shape.length === 1 && spec.shape[0] === 1 ? [1] : written;
  const values = [value].flat(written.length) as ReadonlyArray<number>;
  return { name, written, shape, isWhole: spec.below !== undefined, values };
}

/** Of numbers, lists and tables; what is none of these, or has rows of unequal length, is refused by its place. */
function shapeOf(at: string, value: unknown, refuse: Refuse): ReadonlyArray<number> {
  if (typeof value === "number") {
    if (Number.isFinite(Math.fround(value))) return [];
    throw refuse(`${at} is ${value}, which float32 does not hold`, "its largest number is 3.4e38");
  }
  if (!Array.isArray(value)) throw refuse(`${at} is ${shown(value)}, not a number`);
  const shapes = value.map((element, i) => shapeOf(`${at}[${i}]`, element, refuse));
  const odd = shapes.findIndex((shape) => shape.join() !== shapes[0]!.join());
  if (odd >= 0)
    throw refuse(
      `${at}[${odd}] has ${sizeText(shapes[odd]!)}, but ${at}[0] has ${sizeText(shapes[0]!)}`,
      "all rows of an input are of one length",
    );
  return [value.length, ...(shapes[0] ?? [])];
}

const sizeText = (shape: ReadonlyArray<number>): string =>
  shape.length === 0 ? "no list" : `${shape.join(" × ")} number${shape.join() === "1" ? "" : "s"}`;

const shown = (value: unknown): string =>
  typeof value === "object" && value !== null ? "an object" : JSON.stringify(value);

function lengthsOf(loss: LossDescription, given: ReadonlyArray<GivenInput>, refuse: Refuse) {
  try {
    return requireShapes(
      loss.name,
      given.map((input) => [input.name, { shape: [...input.shape] }, loss.inputs[input.name]!.shape]),
    );
  } catch (error) {
    throw error instanceof LossInputError ? refuse(error.message.replace(/\.$/, "")) : error;
  }
}

function requireBelow(
  input: GivenInput,
  { below }: LossInput,
  lengths: { readonly [word: string]: number },
  refuse: Refuse,
): void {
  if (below === undefined) return;
  const most = typeof below === "number" ? below : lengths[below]!;
  const at = input.values.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= most);
  if (at >= 0)
    throw refuse(
      `${input.name}[${at}] is ${input.values[at]}, not a whole number from 0 to ${most - 1}`,
      typeof below === "number" ? undefined : `the logits have ${most} ${below === "vocab" ? "words" : below}`,
    );
}

function readOptions(loss: LossDescription, given: Fields, refuse: Refuse): GivenNumbers["options"] {
  requireKnown(Object.keys(given), loss.options, "option", loss.name, refuse);
  const read = Object.entries(loss.options).map(([name, option]) => {
    const value = Object.hasOwn(given, name) ? given[name] : option.default;
    if (value === undefined)
      throw refuse(`${quoted(loss.name)} needs the option ${quoted(name)}: ${rangeText(option)}`);
    if (!isInRange(option, value))
      throw refuse(`${quoted(name)} cannot be ${shown(value)}`, `it is ${rangeText(option)}`);
    return [name, value as number | string] as const;
  });
  return Object.fromEntries(read);
}

function isInRange(option: LossOption, value: unknown): boolean {
  if ("choices" in option) return option.choices.includes(value as string);
  return (
    typeof value === "number" &&
    Number.isFinite(Math.fround(value)) &&
    value >= (option.least ?? Number.NEGATIVE_INFINITY) &&
    value > (option.above ?? Number.NEGATIVE_INFINITY)
  );
}

/** `a number greater than 0`, `mean or sum`. */
export function rangeText(option: LossOption): string {
  if ("choices" in option) return option.choices.length > 4 ? listed(option.choices) : either(option.choices);
  if (option.above !== undefined) return `a number greater than ${option.above}`;
  return option.least === undefined ? "a number" : `a number of at least ${option.least}`;
}
