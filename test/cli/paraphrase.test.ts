/** `pipeline paraphrase`, on the example that learns to write and on what is exported of it. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const example = fileURLToPath(new URL("../../pipelines/examples/07-paraphrases.yaml", import.meta.url));
const file = "07-paraphrases.yaml";
/** Fewer updates and samples than in the file: what is written is worse, and written in the same way. */
const few = ["--set", "updates=12", "--set", "said.samples=5"];

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  copyFileSync(example, join(place.folder, file));
  const ran = await place.run(["run", file, ...few]);
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  await ok("export", file, ...few, "--to", "model");
}, 180_000);
afterAll(() => place.remove());

async function ok(...args: ReadonlyArray<string>): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}
const refused = async (...args: ReadonlyArray<string>) => {
  const { code, stderr } = await place.run(args);
  expect(code).toBe(2);
  return stderr;
};

const rows = async (port: string) =>
  JSON.parse(await ok("show", file, ...few, port, "--format", "json")) as ReadonlyArray<{ [key: string]: unknown }>;

interface Found {
  readonly text: string;
  readonly paraphrases: ReadonlyArray<{ readonly text: string; readonly cosine: number }>;
}
const paraphrased = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<Found>> =>
  JSON.parse(await ok("paraphrase", ...args, "--samples", "8", "--max-tokens", "12", "--json")) as ReadonlyArray<Found>;

const texts = ["the old shepherd slept", "two dogs ran"];

describe("07-paraphrases.yaml", () => {
  it("makes pairs with cosines, and an encoder whose losses are told by update", { timeout: 60_000 }, async () => {
    const [pairs, scores, curve] = [await rows("said.pairs"), await rows("said.scores"), await rows("writer.curve")];
    expect(pairs.length).toBeGreaterThan(20);
    expect(scores).toHaveLength(pairs.length);
    expect(new Set(pairs.map(({ a }) => a)).size).toBeGreaterThan(5);
    expect(curve).toHaveLength(12);
    expect(Number(curve.at(-1)!["writingLoss"])).toBeLessThan(Number(curve[0]!["writingLoss"]));
  });
});

describe("pipeline paraphrase", () => {
  it("writes the same by a pipeline file and by the folder it was exported to", { timeout: 60_000 }, async () => {
    const [ofFile, ofFolder] = [await paraphrased(file, ...few, ...texts), await paraphrased("model", ...texts)];
    expect(ofFolder).toEqual(ofFile);
    expect(ofFile.map(({ text }) => text)).toEqual(texts);
    for (const { text, paraphrases } of ofFile) {
      expect(paraphrases.length).toBeGreaterThan(3);
      expect(paraphrases.map((each) => each.text)).not.toContain(text);
      const cosines = paraphrases.map(({ cosine }) => cosine);
      expect(cosines).toEqual(cosines.toSorted((a, b) => b - a));
    }
    expect(await paraphrased("model", ...texts, "--seed", "2")).not.toEqual(ofFile);
    expect(await paraphrased("model", ...texts, "--top", "2")).toEqual(
      ofFile.map(({ text, paraphrases }) => ({ text, paraphrases: paraphrases.slice(0, 2) })),
    );
  });

  it("prints a line for each, under the text where there are several", { timeout: 60_000 }, async () => {
    const short = ["--samples", "4", "--top-k", "3", "--top-p", "0.9", "--max-tokens", "8"];
    expect(await ok("paraphrase", "model", texts[0]!, ...short)).toMatch(/^( *-?\d\.\d{4} {2}.+\n)+$/);
    place.file("texts.txt", `${texts.join("\n")}\n`);
    const both = await ok("paraphrase", "model", "--input", "texts.txt", ...short);
    expect(both).toMatch(/^the old shepherd slept\n( +-?\d\.\d{4} {2}.+\n)+two dogs ran\n( +-?\d\.\d{4} {2}.+\n)+$/);
  });

  it("finds the encoder's own texts near, whether it was exported or not", { timeout: 60_000 }, async () => {
    await ok("encode", file, ...few, ...texts, "--to", "texts.arrow");
    expect(await ok("nearest", "model", "texts.arrow", texts[1]!, "--top", "1")).toBe(" 1.0000  two dogs ran\n");
  });

  it("says what does not do, and what to do instead", { timeout: 60_000 }, async () => {
    await ok("export", file, ...few, "vectors.encoder", "--to", "mute");
    expect(await refused("paraphrase", "mute", "a")).toBe(
      "mute: error: this model has no head that writes words\n  hint: name an encoder of train-simbert, or the folder it was exported to\n",
    );
    expect(await refused("paraphrase", "model", "a", "--max-tokens", "40")).toBe(
      "error: two texts of 40 tokens do not fit into the model's 64 positions\n  hint: --max-tokens 32 is the most\n",
    );
    for (const [option, value, hint] of [
      ["top-p", "1.5", "it is a number from 0 to 1"],
      ["samples", "0", "it is a whole number of at least 1"],
    ])
      expect(await refused("paraphrase", "model", "a", `--${option}`, value!)).toBe(
        `error: --${option} cannot be \`${value}\`\n  hint: ${hint}\n`,
      );
  });
});
