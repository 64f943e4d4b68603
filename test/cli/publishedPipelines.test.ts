/** The pipelines of pipelines/paper: each fits together, needs nothing but the files it names, and has the published settings. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheLayer } from "../../src/cli/layers.ts";
import { openSession, perform } from "../../src/cli/session.ts";
import { evaluateGraph } from "../../src/core/evaluate.ts";
import { folderOf, tinyFiles } from "../model/tinyFolder.ts";
import { Workplace } from "./pipelineCommand.ts";

const pipelines = fileURLToPath(new URL("../../pipelines", import.meta.url));
const files = readdirSync(join(pipelines, "paper")).sort();
let place: Workplace;
const write = (name: string, content: string | Uint8Array) => {
  const path = join(place.folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};

/** Stand-ins for the models and data that the files name: a few kilobytes in all. */
async function putStandIns(): Promise<void> {
  const base = [
    "bert-base-uncased",
    "bert-base-chinese",
    "distilbert-base-uncased",
    "roberta-base",
    "distilroberta-base",
  ];
  for (const model of [...base, "unsup-simcse-bert-base-uncased", "unsup-simcse-roberta-base"])
    for (const name of Object.keys(tinyFiles()))
      write(`models/${model}/${name}`, (await folderOf(tinyFiles()).read(name))!);
  const years = ["sts12", "sts13", "sts14", "sts15", "sts16"];
  const splits = ["stsb-train", "stsb-dev", "stsb-test", "sickr-train", "sickr-dev", "sickr-test"];
  for (const set of [...years, ...splits])
    write(`data/sts/${set}.tsv`, "sentence1\tsentence2\tscore\tsource\nthe cat\tcat\t4\tnews\nthe\tcat\t1\tnews\n");
  for (const set of ["data/binary/qqp-pool", "data/binary/qqp-dev", "data/binary/qqp-test"])
    write(`${set}.tsv`, "sentence1\tsentence2\tlabel\nthe cat\tcat\t1\nthe\tcat\t0\n");
  for (const set of ["train", "dev", "test"])
    write(`data/lcqmc/${set}.tsv`, "sentence1\tsentence2\tscore\n猫\t猫 !\t1\n猫\t!\t0\n");
  write("data/nli/allnli-train.tsv", "sentence1\tsentence2\tlabel\nthe cat\tcat\tneutral\n");
  write("data/similar-questions.txt", "猫\t猫 !\n");
  for (const text of ["data/wiki1m_for_simcse.txt", "data/mirror_sentences_10k.txt", "data/sts/sentences.txt"])
    write(text, "the cat sleeps\n");
}

beforeAll(async () => {
  place = new Workplace();
  cpSync(join(pipelines, "paper"), join(place.folder, "pipelines/paper"), { recursive: true });
});
afterAll(() => place.remove());

const session = (file: string) =>
  openSession({
    operands: [join(place.folder, "pipelines/paper", file)],
    switches: new Set(),
    values: new Map([["cache", [join(place.folder, "cache")]]]),
  });
const settingsOf = async (file: string, step: string) =>
  (await session(file)).graph.steps.find(({ id }) => id === step)!.encodedConfig;

it("without their files, plan says which are missing and where they were looked for", { timeout: 60_000 }, async () => {
  const { code, stderr } = await place.run(["plan", "pipelines/paper/transencoder-mutual.yaml"]);
  expect(code).toBe(2);
  for (const name of ["bert-base-uncased", "roberta-base", "unsup-simcse-bert-base-uncased", "../../data/sts"])
    expect(stderr).toContain(name);
});

describe("with their files there", () => {
  beforeAll(putStandIns);

  it.each(files)("%s is ready to run: every step is known, none is refused", async (file) => {
    const opened = await session(file);
    const steps = await perform(evaluateGraph(opened.graph).pipe(Effect.provide(cacheLayer(opened))));
    const first = steps.filter((each) => each !== undefined && Object.keys(each.step.inputs).length === 0);
    expect(first.length).toBeGreaterThan(0);
    expect(first.every((each) => each?.key !== undefined && each.record === undefined)).toBe(true);
  });
});

/** What the papers say (docs/methods.md), each next to the step it is set on. */
const published: ReadonlyArray<readonly [file: string, step: string, settings: object]> = [
  ["simcse-bert-base", "simcse", { batchSize: 64, learningRate: 3e-5, temperature: 0.05, epochs: 1, maxTokens: 32 }],
  [
    "simcse-roberta-base",
    "simcse",
    { batchSize: 512, learningRate: 1e-5, temperature: 0.05, epochs: 1, devEvery: 125 },
  ],
  ["mirror-bert", "mirror", { batchSize: 200, learningRate: 2e-5, temperature: 0.04, maskLength: 5, paddedLength: 50 }],
  ["mirror-roberta-drophead", "mirror", { dropHead: 0.05, pooling: "cls", schedule: "constant", decayed: "all" }],
  ["contrastive-tension", "tension", { form: "code", negatives: 7, batchSize: 16, learningRate: 1e-5, maxTokens: 75 }],
  ["contrastive-tension-in-batch", "tension", { scale: 20, similarity: "cosine", batchSize: 128, learningRate: 5e-5 }],
  ["diffcse-bert", "diffcse", { batchSize: 64, learningRate: 7e-6, epochs: 2, maskRatio: 0.3, detectionWeight: 0.005 }],
  ["diffcse-roberta", "diffcse", { learningRate: 1e-5, epochs: 2, maskRatio: 0.2, detectionWeight: 0.005 }],
  ["simbert", "simbert", { batchSize: 128, learningRate: 2e-6, scale: 30, maxCharacters: 30, maxSteps: 1_170_000 }],
  ["sbert-nli", "sbert", { batchSize: 16, learningRate: 2e-5, warmupRatio: 0.1, concatenation: "u,v,|u-v|" }],
  ["sbert-sts", "tuned[seed=10]", { objective: "regression", highestScore: 5, batchSize: 16, learningRate: 2e-5 }],
  ["sbert-lcqmc", "sbert", { classifierSize: 512, classifierDropout: 0.5, gradientPenalty: 1, paddedLength: 30 }],
  ["bert-whitening", "white", { dimensions: 256 }],
  ["transencoder-sts", "distil[3].cross", { loss: "bce", epochs: 1, batchSize: 32, learningRate: 2e-5, maxTokens: 64 }],
  ["transencoder-sts", "distil[3].student", { loss: "mse", epochs: 10, batchSize: 128, learningRate: 5e-5 }],
  ["transencoder-binary", "distil[5].cross", { epochs: 3, batchSize: 32, learningRate: 2e-5 }],
  ["transencoder-binary", "distil[5].student", { epochs: 15, batchSize: 128, learningRate: 5e-5 }],
  ["transencoder-mutual", "distil[3].student2", { epochs: 10, batchSize: 128, learningRate: 5e-5, maxTokens: 32 }],
];

describe("the published settings", () => {
  it.each(published)("of %s: %s", async (file, step, settings) => {
    expect(await settingsOf(`${file}.yaml`, step)).toMatchObject(settings);
  });
});
