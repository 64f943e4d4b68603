/** `train-sbert` from pipeline files, by the real command: each objective on a tiny model, and what is wrong is said before training. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const example = fileURLToPath(new URL("../../pipelines/examples/05-supervised.yaml", import.meta.url));

const words = ["river", "lamp", "stone", "green", "walks", "sings", "old", "small"];
const sentence = (i: number, length: number) =>
  Array.from({ length }, (_, k) => words[(i * 3 + k * k) % words.length]!).join(" ");
const rows = Array.from({ length: 40 }, (_, i) => [sentence(i, 3 + (i % 4)), sentence(i + (i % 3), 4), i % 3]);
const table = (labels: ReadonlyArray<unknown>) =>
  ["sentence1\tsentence2\tscore", ...rows.map(([a, b], i) => `${a}\t${b}\t${labels[i]}`)].join("\n");

/** @param with of the step `trained` @param more steps */
const pipeline = (links: string, settings: string) => `name: classes
seed: 1
steps:
  data: { uses: read-pairs, with: { path: nli.tsv } }
  texts: { uses: read-sentences, with: { path: texts.txt } }
  tokenizer: { uses: train-tokenizer, in: { sentences: texts }, with: { vocabSize: 60 } }
  tokens: { uses: tokenize, in: { tokenizer: tokenizer, sentences: texts } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: data.pairs } }
  fresh:
    uses: load-model
    in: { tokenizer: tokenizer }
    with: { fresh: { layers: 1, hiddenSize: 16, heads: 2, maxPositions: 32 }, maxTokens: 16 }
  trained:
    uses: train-sbert
    in: { model: fresh.model, ${links} }
    with: { maxTokens: 16, maxSteps: 3, ${settings} }
`;
const ofPairs = "pairs: pairs, gold: data.gold";
const ofTriples = "anchors: tokens, positives: tokens, negatives: tokens";

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  place.file("nli.tsv", table(rows.map(([, , label]) => label)));
  place.file("texts.txt", rows.flatMap(([a, b]) => [a, b]).join("\n"));
  copyFileSync(example, join(place.folder, "05-supervised.yaml"));
});
afterAll(() => place.remove());

const run = (name: string, links: string, settings: string) =>
  place.run(["run", place.file(name, pipeline(links, settings))]);

it("learns classes by focal loss with a penalty, and triples with towers apart", { timeout: 120_000 }, async () => {
  const classes = await run(
    "classes.yaml",
    ofPairs,
    "pooling: mean-with-padding, paddedLength: 12, classifierSize: 8, classifierDropout: 0.5, focalGamma: 2, gradientPenalty: 1",
  );
  expect(classes, classes.stderr).toMatchObject({ code: 0 });
  const curve = await place.run(["show", "classes.yaml", "trained.curve", "--format", "json"]);
  expect(Object.keys((JSON.parse(curve.stdout) as Array<object>)[0]!)).toEqual(
    expect.arrayContaining(["step", "loss", "accuracy", "penalty", "learningRate"]),
  );
  const triples = await run("triples.yaml", ofTriples, "objective: triplet, towers: apart, pooling: max");
  expect(triples, triples.stderr).toMatchObject({ code: 0 });
});

it("says what is wrong before the first update", { timeout: 120_000 }, async () => {
  const scored = await run("scored.yaml", ofTriples, "objective: regression");
  expect(scored.code).toBe(1);
  expect(scored.stderr).toContain(
    "The objective regression learns from pairs and gold, but nothing is linked to pairs and gold.",
  );
  const few = await run("few.yaml", ofPairs, "classes: 2");
  expect(few.stderr).toContain("The label of pair 3 of the set nli is 2, but there are 2 classes: 0 to 1.");
  const unknown = await run("unknown.yaml", ofPairs, "pooling: median");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(/unknown\.yaml:\d+:\d+/);
  expect(unknown.stderr).toContain("mean-with-padding");
});

it("runs the example as its first lines say", { timeout: 120_000 }, async () => {
  const first = await place.run(["run", "05-supervised.yaml"]);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(first.stdout).toContain("output answers: towers.second");
  const { stdout } = await place.run(["plan", "05-supervised.yaml", "--set", "penalty=1", "--json"]);
  const { steps } = JSON.parse(stdout) as { readonly steps: ReadonlyArray<{ step: string; state: string }> };
  expect(steps.filter(({ state }) => state !== "fresh").map(({ step }) => step)).toEqual(["scores", "after"]);
});
