/** sentence-transformers loads exported folders and gives the numbers of `pipeline encode` and `pipeline similarity`. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Workplace } from "../cli/pipelineCommand.ts";
import { sharedData } from "./sharedData.ts";

const folder = sharedData("models/all-MiniLM-L6-v2");
const python = process.env["PIPELINE_BENCH_PYTHON"];
const hasPython = python !== undefined && existsSync(python);
if (!hasPython) console.warn("skipped: PIPELINE_BENCH_PYTHON names no Python with sentence-transformers");

const place = new Workplace();
afterAll(() => place.remove());

const pipeline = `name: loaders
seed: 1
steps:
  real: { uses: load-model, with: { source: ${JSON.stringify(folder)} } }
  text: { uses: generate-corpus, with: { pairs: 200 } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: real.tokenizer, pairs: text.pairs } }
  labels: { uses: pseudo-label, in: { pairs: pairs, encoder: real.encoder } }
  cross: { uses: train-cross-encoder, in: { pairs: pairs, scores: labels, model: real.model }, with: { epochs: 1, maxTokens: 24 } }
outputs: { encoder: real.encoder }
`;

const farthest = (one: ReadonlyArray<number>, other: ReadonlyArray<number>): number => {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
};

async function ok(...args: ReadonlyArray<string>): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

describe("sentence-transformers", () => {
  it.skipIf(folder === undefined || !hasPython)("gives our numbers from exported folders, to 1e-5", async () => {
    const sentences = readFileSync(fileURLToPath(new URL("sentences.txt", import.meta.url)), "utf8").split("\n");
    const texts = [...sentences.slice(0, 40), "", `long ${"and longer ".repeat(300)}`];
    place.file("a.yaml", pipeline);
    await ok("run", "a.yaml");
    await ok("export", "a.yaml", "--to", "bi");
    await ok("export", "a.yaml", "cross", "--to", "cross");
    const script = fileURLToPath(new URL("check_loaders.py", import.meta.url));
    const output = execFileSync(python!, [script, join(place.folder, "bi"), join(place.folder, "cross")], {
      input: JSON.stringify(texts),
      maxBuffer: 1e8,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const peer = JSON.parse(output.toString()) as {
      embeddings: Array<Array<number>>;
      scores: Array<number>;
      cardEmbeddings: Array<Array<Array<number>>>;
      cardScores: Array<Array<number>>;
    };
    const own = JSON.parse(await ok("encode", "bi", "--json", "--", ...texts)) as Array<{ embedding: Array<number> }>;
    expect(farthest(own.flatMap(({ embedding }) => embedding), peer.embeddings.flat())).toBeLessThan(1e-5); // prettier-ignore
    const card = JSON.parse(await ok("encode", "bi", "one sentence", "another")) as Array<{ embedding: Array<number> }>;
    expect(peer.cardEmbeddings.length).toBe(2);
    for (const found of peer.cardEmbeddings)
      expect(farthest(card.flatMap(({ embedding }) => embedding), found.flat())).toBeLessThan(1e-5); // prettier-ignore
    const { score } = JSON.parse(await ok("similarity", "cross", "one sentence", "another", "--json")) as { score: number };
    expect(peer.cardScores.length).toBe(2);
    for (const found of peer.cardScores) expect(farthest([score], found)).toBeLessThan(1e-5);
    for (const pair of [0, 7, texts.length - 2]) {
      const { score } = JSON.parse(await ok("similarity", "cross", "--json", "--", texts[pair]!, texts[pair + 1]!)) as {
        score: number;
      };
      expect(Math.abs(score - peer.scores[pair]!)).toBeLessThan(1e-5);
    }
  });
});
