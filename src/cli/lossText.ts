/** Losses in words: the list of them, and what one takes. */
import { renderTable } from "../log/table.ts";
import type { LossDescription, LossInput, LossOption } from "../nn/losses/LossDescription.ts";
import { rangeText } from "./lossNumbers.ts";

export const listText = (losses: ReadonlyArray<LossDescription>): ReadonlyArray<string> => [
  ...table(losses.map(({ name, summary }) => [name, summary])),
  "",
  "pipeline loss NAME --describe says what one takes.",
];

export const descriptionText = (loss: LossDescription): ReadonlyArray<string> => [
  `${loss.name}: ${loss.summary}`,
  "",
  "inputs",
  ...indented(Object.entries(loss.inputs).map(([name, input]) => [name, inputText(input), input.description])),
  "",
  "with",
  ...(Object.keys(loss.options).length === 0
    ? ["  nothing to set"]
    : indented(Object.entries(loss.options).map(([name, option]) => [name, optionText(option), option.description]))),
  "",
  `A word in a shape is one length throughout. Computed in float32. The formula, its source and its neighbours: src/nn/losses/${loss.name}.ts`,
];

/** What JSON readers get: the description without the function. */
export const lossJson = ({ name, summary, inputs, options }: LossDescription) => ({
  name,
  summary,
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([input, { shape, below, optional, description }]) => [
      input,
      {
        shape,
        dtype: below === undefined ? "float32" : "int32",
        ...(below === undefined ? {} : { below }),
        optional: optional ?? false,
        description,
      },
    ]),
  ),
  with: options,
});

function inputText({ shape, below, optional }: LossInput): string {
  const type =
    below === undefined ? "float32" : `int32, 0 to ${typeof below === "number" ? below - 1 : `${below} - 1`}`;
  return `[${shape.join(", ")}] ${type}${optional === true ? "; optional" : ""}`;
}

const optionText = (option: LossOption): string =>
  `${rangeText(option)}; ${option.default === undefined ? "required" : `default ${option.default}`}`;

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  renderTable(
    (rows[0] ?? []).map(() => ({ title: "" })),
    rows,
  );
const indented = (rows: ReadonlyArray<ReadonlyArray<string>>) => table(rows).map((line) => `  ${line}`);
