/** sentence-transformers loads exported folders and gives the numbers of `pipeline encode` and `pipeline similarity`. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

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

interface Peer {
  readonly embeddings: ReadonlyArray<ReadonlyArray<number>>;
  readonly scores: ReadonlyArray<number>;
  readonly classes: ReadonlyArray<string>;
  readonly missing: ReadonlyArray<string>;
}

/** What sentence-transformers makes of folders of the place, two and two a bi-encoder and a cross-encoder. */
function peersOf(folders: ReadonlyArray<string>, texts: ReadonlyArray<string>): ReadonlyArray<Peer> {
  const paths = folders.map((name) => join(place.folder, name));
  const output = execFileSync(python!, [here("check_loaders.py"), ...paths], {
    input: JSON.stringify(texts),
    maxBuffer: 1e8,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return JSON.parse(output.toString()) as ReadonlyArray<Peer>;
}

/** The command line's numbers from the same folders. */
async function expectSame(bi: string, cross: string, texts: ReadonlyArray<string>, peer: Peer): Promise<void> {
  const own = JSON.parse(await ok("encode", bi, "--json", "--", ...texts)) as Array<{ embedding: Array<number> }>;
  expect(farthest(own.flatMap(({ embedding }) => embedding), peer.embeddings.flat())).toBeLessThan(1e-5); // prettier-ignore
  for (const pair of [0, Math.floor(texts.length / 2), texts.length - 2]) {
    const { score } = JSON.parse(await ok("similarity", cross, "--json", "--", texts[pair]!, texts[pair + 1]!)) as {
      score: number;
    };
    expect(Math.abs(score - peer.scores[pair]!)).toBeLessThan(1e-5);
  }
}

describe("sentence-transformers", () => {
  it.skipIf(folder === undefined || !hasPython)("gives our numbers from exported folders, to 1e-5", async () => {
    const sentences = readFileSync(here("sentences.txt"), "utf8").split("\n");
    const texts = [...sentences.slice(0, 40), "", `long ${"and longer ".repeat(300)}`];
    place.file("a.yaml", pipeline);
    await ok("run", "a.yaml");
    await ok("export", "a.yaml", "--to", "bi");
    await ok("export", "a.yaml", "cross", "--to", "cross");
    const [peer] = peersOf(["bi", "cross"], texts);
    await expectSame("bi", "cross", texts, peer!);
  });

  const classes: { readonly [kind: string]: string } = {
    bert: "Bert",
    "bert-half": "Bert",
    camembert: "Camembert",
    distilbert: "DistilBert",
    electra: "Electra",
    roberta: "Roberta",
    "xlm-roberta": "XLMRoberta",
  };

  it.skipIf(!hasPython)("gives our numbers from folders of every architecture, by the classes of its own", async () => {
    const kinds = readdirSync(here("architectures")).filter((name) => !name.endsWith(".json"));
    expect(kinds).toEqual(Object.keys(classes));
    const texts = ["the cat sleeps.", "a dog runs, and the cat", "", "x y z", "the dog sleeps", `the ${"cat and dog ".repeat(30)}`]; // prettier-ignore
    const steps = kinds.flatMap((kind) => {
      const source = JSON.stringify(here(`architectures/${kind}`));
      return [
        `  ${kind}: { uses: load-model, with: { source: ${source} } }`,
        `  ${kind}-pairs: { uses: load-cross-encoder, with: { source: ${source} } }`,
      ];
    });
    place.file("kinds.yaml", ["name: kinds", "steps:", ...steps, ""].join("\n"));
    await ok("run", "kinds.yaml");
    for (const kind of kinds) {
      await ok("export", "kinds.yaml", `${kind}.encoder`, "--to", kind);
      await ok("export", "kinds.yaml", `${kind}-pairs`, "--to", `${kind}-pairs`);
    }
    const peers = peersOf(kinds.flatMap((kind) => [kind, `${kind}-pairs`]), texts); // prettier-ignore
    for (const [i, kind] of kinds.entries()) {
      const { classes: found, missing } = peers[i]!;
      expect(found).toEqual([`${classes[kind]}Model`, `${classes[kind]}ForSequenceClassification`]);
      expect(missing).toEqual([]);
      await expectSame(kind, `${kind}-pairs`, texts, peers[i]!);
    }
  });
});
