import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/commandLine.ts";
import { evaluateLoss } from "../../src/cli/evaluateLoss.ts";
import { readLossNumbers } from "../../src/cli/lossNumbers.ts";
import { defaultChoice } from "../../src/engine/EngineChoice.ts";
import { losses } from "../../src/nn/losses/index.ts";
import { Workplace } from "./pipelineCommand.ts";

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.remove());

const lossOf = (name: string, numbers: unknown, ...more: ReadonlyArray<string>) =>
  place.run(["loss", name, ...more], { stdin: typeof numbers === "string" ? numbers : JSON.stringify(numbers) });

/** Numbers within 1e-5, in lists of the same nesting. */
const near = (expected: unknown): unknown =>
  Array.isArray(expected) ? expected.map(near) : expect.closeTo(expected as number, 4.7);

const points = [
  [1, 2],
  [3, -1],
  [0.5, 0.5],
];
const partners = [
  [2, 1],
  [2, -2],
  [1, 0],
];

describe("pipeline loss", () => {
  it("gives the value and the gradients of a loss, in the shapes of its inputs", async () => {
    const inputs = { anchors: points, positives: partners };
    const { code, stdout, stderr } = await lossOf("infoNce", { inputs, with: { temperature: 0.05 } });
    expect([code, stderr]).toEqual([0, ""]);
    const { value, gradients } = JSON.parse(stdout);
    expect(value).toBeCloseTo(2.07415725242842, 5);
    expect(Object.keys(gradients)).toEqual(["anchors", "positives"]);
    expect(gradients.anchors).toHaveLength(3);
    expect(gradients.anchors[2][1]).toBeCloseTo(2.58524453743, 5);
    expect(gradients.positives[2][1]).toBeCloseTo(-6.238064689564, 5);
  });

  it("takes one number for a list of one, defaults, and a file; whole numbers have no gradient", async () => {
    const inputs = { first: points, second: partners, logScale: Math.log(20) };
    const learnt = JSON.parse((await lossOf("inBatchContrastiveTension", { inputs })).stdout);
    expect(learnt.value).toBeCloseTo(2.3488440719886, 5);
    expect(learnt.gradients.logScale).toBeCloseTo(2.19299129033748, 5);
    const logits = [[0.4, 0.5, 0.7]];
    place.file("numbers.json", JSON.stringify({ inputs: { logits, classes: [0] } }));
    const { stdout } = await place.run(["loss", "softmaxClassification", "--input", "numbers.json"]);
    const classified = JSON.parse(stdout);
    expect(classified.value).toBeCloseTo(1.23983106084446, 6);
    expect(Object.keys(classified.gradients)).toEqual(["logits"]);
  });

  it("lists all losses, one line each, and says what one takes", async () => {
    const { stdout } = await place.run(["loss"]);
    const lines = stdout.split("\n");
    for (const { name, summary } of losses)
      expect(
        lines.some((line) => line.startsWith(name) && line.endsWith(summary)),
        name,
      ).toBe(true);
    expect(JSON.parse((await place.run(["loss", "--json"])).stdout)).toHaveLength(losses.length);
    expect((await place.run(["loss", "replacedTokenDetection", "--describe"])).stdout).toBe(
      readFileSync(new URL("loss.describe.txt", import.meta.url), "utf8"),
    );
  });

  it("answers a mistake with one sentence, what to do, and exit code 2", async () => {
    const unknown = await place.run(["loss", "infonce"]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toBe("error: there is no loss `infonce`\n  hint: did you mean `infoNce`?\n");
    const none = await lossOf("infoNce", "");
    expect([none.code, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toBe(
      'standard input: error: there are no numbers here\n  hint: wanted is {"inputs": {…}, "with": {…}}; --describe says what a loss takes\n',
    );
    const odd = await lossOf("simBertSimilarity", { inputs: { embeddings: points } });
    expect([odd.code, odd.stderr]).toEqual([
      2,
      "error: simBertSimilarity needs an even number of rows, not 3: rows 2i and 2i + 1 are a pair\n",
    ]);
    const missing = await place.run(["loss", "infoNce", "--input", "none.json"]);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      "none.json: error: this cannot be read (ENOENT)\n  hint: wanted is a JSON file of numbers\n",
    ]);
    const huge = await lossOf("meanSquaredError", { inputs: { predictions: [1e30], labels: [0] } });
    expect([huge.code, huge.stderr]).toEqual([
      2,
      "error: meanSquaredError has no value at these numbers in float32: Infinity\n  hint: numbers of ordinary size have one: float32 ends at 3.4e38\n",
    ]);
  });
});

const mistake = (name: string, numbers: unknown): string => {
  const loss = losses.find((each) => each.name === name)!;
  try {
    readLossNumbers(loss, typeof numbers === "string" ? numbers : JSON.stringify(numbers), "numbers.json");
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} | ${error.hint}`;
    throw error;
  }
  throw new Error("no mistake was found");
};
const form = 'wanted is {"inputs": {…}, "with": {…}}';
const described = (name: string) => `\`pipeline loss ${name} --describe\` says what it takes`;

interface Recorded {
  readonly loss: string;
  readonly inputs: object;
  readonly with: object;
  readonly value: number;
  readonly gradients: { readonly [input: string]: ReadonlyArray<unknown> };
}
const recorded = JSON.parse(readFileSync(new URL("../golden/losses.json", import.meta.url), "utf8")) as {
  readonly cases: ReadonlyArray<Recorded>;
};

describe("the numbers of a loss", () => {
  it("give for every loss what PyTorch gives in float64, to 1e-5, nested as the inputs are", async () => {
    for (const { loss: name, inputs, with: options, value, gradients } of recorded.cases) {
      const loss = losses.find((each) => each.name === name)!;
      const given = readLossNumbers(loss, JSON.stringify({ inputs, with: options }), "losses.json");
      const found = await evaluateLoss(loss, given, defaultChoice);
      expect(found.value, name).toEqual(near(value));
      expect(Object.keys(found.gradients), name).toEqual(Object.keys(gradients));
      for (const [input, gradient] of Object.entries(gradients))
        expect(found.gradients[input], `${name} ${input}`).toEqual(near(gradient));
    }
  });

  const labels = [1, 0, 1];
  const pairs = { left: points, right: partners, labels };

  it.each([
    ["[1, 2]", `this is no JSON object | ${form}`],
    ["{}", `\`inputs\` is missing | ${form}`],
    [{ inputs: pairs, options: {} }, `\`options\` is not known here | ${form}`],
    [{ inputs: [1] }, `\`inputs\` is no object of names and numbers | ${described("cosineRegression")}`],
    [{ inputs: pairs, with: 3 }, `\`with\` is no object of options | ${described("cosineRegression")}`],
    [{ inputs: pairs, with: { scale: 1 } }, "`cosineRegression` has no option `scale` | it has none"],
    [{ inputs: { ...pairs, label: labels } }, "`cosineRegression` has no input `label` | did you mean `labels`?"],
    [
      { inputs: { left: points, labels } },
      `\`cosineRegression\` needs the input \`right\` [rows, dim] | ${described("cosineRegression")}`,
    ],
    [
      { inputs: { ...pairs, left: [[1, 2], [3]] } },
      "left[1] has 1 number, but left[0] has 2 numbers | all rows of an input are of one length",
    ],
    [
      { inputs: { ...pairs, left: [[1, 2], 3] } },
      "left[1] has no list, but left[0] has 2 numbers | all rows of an input are of one length",
    ],
    [{ inputs: { ...pairs, left: [[1, "2"]] } }, `left[0][1] is "2", not a number | ${described("cosineRegression")}`],
    [
      { inputs: { ...pairs, left: [[1, null]] } },
      `left[0][1] is null, not a number | ${described("cosineRegression")}`,
    ],
    [
      { inputs: { ...pairs, left: [[1, 1e39]] } },
      "left[0][1] is 1e+39, which float32 does not hold | its largest number is 3.4e38",
    ],
    [
      { inputs: { ...pairs, labels: [1] } },
      `cosineRegression: labels has shape [1], not [rows] = [3] | ${described("cosineRegression")}`,
    ],
    [
      { inputs: { ...pairs, left: [1, 2, 3] } },
      `cosineRegression: left has shape [3], not [rows, dim] | ${described("cosineRegression")}`,
    ],
    [
      { inputs: { left: [], right: [], labels: [] } },
      `cosineRegression: left has shape [0], not [rows, dim] | ${described("cosineRegression")}`,
    ],
  ])("%j", (numbers, message) => expect(mistake("cosineRegression", numbers)).toBe(message));

  it("are refused where they are no JSON, with what the parser says", () => {
    expect(mistake("cosineRegression", '{"inputs": ')).toMatch(/^this is no JSON: .+ \| wanted is \{"inputs"/);
  });

  it("keep to the range of options, and of whole numbers", () => {
    const inputs = { anchors: points, positives: partners };
    expect(mistake("infoNce", { inputs, with: { temperature: 0 } })).toBe(
      "`temperature` cannot be 0 | it is a number greater than 0",
    );
    expect(mistake("infoNce", { inputs, with: { temprature: 1 } })).toBe(
      "`infoNce` has no option `temprature` | did you mean `temperature`?",
    );
    expect(mistake("infoNce", { inputs, with: { temperature: "0.05" } })).toMatch(/^`temperature` cannot be "0.05"/);
    const triple = { anchors: points, positives: partners, negatives: points };
    expect(mistake("tripletMargin", { inputs: triple, with: { margin: -1 } })).toBe(
      "`margin` cannot be -1 | it is a number of at least 0",
    );
    const views = { first: points, second: partners };
    expect(mistake("ntXent", { inputs: views, with: { form: "both" } })).toBe(
      '`form` cannot be "both" | it is code or paper',
    );
    expect(mistake("contrastiveTension", { inputs: { ...views, labels } })).toBe(
      `\`contrastiveTension\` needs the option \`reduction\`: mean or sum | ${described("contrastiveTension")}`,
    );
    const logits = [[1, 2, 3]];
    expect(mistake("softmaxClassification", { inputs: { logits, classes: [3] } })).toBe(
      "classes[0] is 3, not a whole number from 0 to 2 | the logits have 3 classes",
    );
    expect(mistake("maskedLanguageModel", { inputs: { logits, targets: [0.5], weights: [1] } })).toBe(
      "targets[0] is 0.5, not a whole number from 0 to 2 | the logits have 3 words",
    );
    expect(mistake("replacedTokenDetection", { inputs: { logits: [[1, 2]], replaced: [-1] } })).toBe(
      `replaced[0] is -1, not a whole number from 0 to 1 | ${described("replacedTokenDetection")}`,
    );
  });
});
