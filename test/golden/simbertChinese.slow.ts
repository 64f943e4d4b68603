/**
 * SimBERT on Chinese, for which it was made: BERT's own Chinese tokenizer, whole (the release has its vocabulary trimmed, which saves
 * memory and changes nothing else), and groups of the pairs of the Chinese STS benchmark that people call equal.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workplace } from "../cli/pipelineCommand.ts";
import { writeChineseModel } from "../kit/chineseModel.ts";
import { sharedData } from "./sharedData.ts";

const vocabulary = sharedData("models/tokenizer-bert-base-chinese/vocab.txt");
const pairs = sharedData("sts-zh/stsb-dev.tsv");

const pipeline = `name: chinese
seed: 4
steps:
  groups: { uses: read-groups, with: { path: groups.tsv } }
  few: { uses: read-sentences, with: { path: few.txt } }
  fresh: { uses: load-model, with: { source: model, maxTokens: 30 } }
  writer:
    uses: train-simbert
    in: { model: fresh.model, tokenizer: fresh.tokenizer, groups: groups }
    with: { batchSize: 32, learningRate: 3e-3, maxSteps: 60, epochs: 99, dropout: 0 }
  said:
    uses: generate-paraphrases
    in: { encoder: writer, tokenizer: fresh.tokenizer, sentences: few }
    with: { samples: 20, keep: 5 }
outputs: { encoder: writer }
`;

const mean = (part: ReadonlyArray<number>) => part.reduce((a, b) => a + b) / part.length;

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.remove());

const rowsOf = async (port: string) => {
  const { stdout, stderr } = await place.run(["show", "chinese.yaml", port, "--format", "json"]);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as ReadonlyArray<{ readonly [column: string]: unknown }>;
};

it.skipIf(vocabulary === undefined || pairs === undefined)(
  "learns to write Chinese from groups of sentences, and to tell them from others",
  { timeout: 600_000 },
  async () => {
    writeChineseModel(vocabulary!, join(place.folder, "model"));
    const [header, ...lines] = readFileSync(pairs!, "utf8").trim().split("\n");
    const score = header!.split("\t").indexOf("score");
    const alike = lines
      .map((line) => line.split("\t"))
      .filter((fields) => Number(fields[score]) >= 4 && fields[0] !== fields[1]);
    place.file("groups.tsv", alike.map(([a, b]) => `${a}\t${b}\n`).join(""));
    const few = alike.slice(0, 5).map(([a]) => a!);
    place.file("few.txt", few.map((text) => `${text}\n`).join(""));
    const ran = await place.run(["run", place.file("chinese.yaml", pipeline)]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const curve = await rowsOf("writer.curve");
    expect(curve).toHaveLength(60);
    for (const series of ["loss", "writingLoss"]) {
      const values = curve.map((row) => Number(row[series]));
      expect(mean(values.slice(-5)), series).toBeLessThan(0.8 * mean(values.slice(0, 5)));
    }
    const said = await rowsOf("said.pairs");
    expect(new Set(said.map(({ a }) => a))).toEqual(new Set(few));
    // So early, some say little but signs. None has spaces, and most of it all is Chinese.
    for (const { b } of said) expect(b).toMatch(/^\S+$/);
    const letters = said.map(({ b }) => String(b)).join("").replace(/\p{P}/gu, "");
    expect(letters.length).toBeGreaterThan(50);
    expect(letters.replace(/\P{Script=Han}/gu, "").length / letters.length).toBeGreaterThan(0.9);
    const asked = await place.run(["paraphrase", "chinese.yaml", few[0]!, "--samples", "20", "--top", "3"]);
    expect(asked.stdout).toMatch(/^( *-?\d\.\d{4} {2}\S+\n){1,3}$/);
  },
);
