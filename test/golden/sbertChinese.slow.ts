/**
 * Sentence-BERT on Chinese, with BERT's own Chinese tokenizer and the Chinese STS benchmark: the settings of a TensorFlow variant for
 * LCQMC (padding pooled, a hidden layer with dropout, focal loss, gradient penalty) on a fresh tiny model, and regression that learns.
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
  data: { uses: read-pairs, with: { path: classes.tsv } }
  scored: { uses: read-pairs, with: { path: scores.tsv } }
  fresh: { uses: load-model, with: { source: model, maxTokens: 30 } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: fresh.tokenizer, pairs: data.pairs } }
  scoredPairs: { uses: tokenize-pairs, in: { tokenizer: fresh.tokenizer, pairs: scored.pairs } }
  matching:
    uses: train-sbert
    in: { model: fresh.model, pairs: pairs, gold: data.gold }
    with:
      pooling: mean-with-padding
      paddedLength: 30
      maxTokens: 30
      classifierSize: 64
      classifierDropout: 0.5
      focalGamma: 2
      gradientPenalty: 1
      penaltyForm: per-occurrence
      schedule: exponential
      decayRate: 0.01
      learningRate: 1e-3
      maxSteps: 12
  regression:
    uses: train-sbert
    in: { model: fresh.model, pairs: scoredPairs, gold: scored.gold }
    with: { objective: regression, maxTokens: 30, learningRate: 3e-3, epochs: 4 }
  before: { uses: evaluate-sts, in: { encoder: fresh.encoder, pairs: scoredPairs, gold: scored.gold } }
  after: { uses: evaluate-sts, in: { encoder: regression, pairs: scoredPairs, gold: scored.gold } }
`;

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.remove());

it.skipIf(vocabulary === undefined || pairs === undefined)(
  "learns classes and scores of Chinese pairs",
  { timeout: 300_000 },
  async () => {
    writeChineseModel(vocabulary!, join(place.folder, "model"));
    const [header, ...lines] = readFileSync(pairs!, "utf8").trim().split("\n");
    const kept = lines.slice(0, 320).map((line) => line.split("\t"));
    const score = header!.split("\t").indexOf("score");
    const table = (labelOf: (score: number) => number) =>
      [header!, ...kept.map((fields) => fields.with(score, String(labelOf(Number(fields[score])))).join("\t"))].join("\n");
    place.file("scores.tsv", table((given) => given));
    place.file("classes.tsv", table((given) => (given >= 3 ? 1 : 0)));
    const ran = await place.run(["run", place.file("chinese.yaml", pipeline)]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const shown = await place.run(["show", "chinese.yaml", "matching.curve", "--format", "json"]);
    const curve = JSON.parse(shown.stdout) as ReadonlyArray<{ readonly [series: string]: number }>;
    expect(curve.length).toBe(12);
    for (const row of curve) {
      expect(row["penalty"]).toBeGreaterThan(0);
      expect(row["loss"]).toBeLessThan(1);
    }
    const { stdout } = await place.run(["metrics", "chinese.yaml", "--json"]);
    const metrics = JSON.parse(stdout) as ReadonlyArray<{ step: string; name: string; value: number }>;
    const averageOf = (step: string) => metrics.find((each) => each.step === step && each.name === "average")!.value;
    expect(averageOf("after") - averageOf("before")).toBeGreaterThan(10);
  },
);
