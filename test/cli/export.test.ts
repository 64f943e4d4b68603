/** From a pipeline's cache to a folder, and what is done with either. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEncodedTexts } from "../../src/artifact/encodedTexts.ts";
import { Workplace } from "./pipelineCommand.ts";
import { has8Bit } from "../kit/has8Bit.ts";

const pipeline = `name: tiny
seed: 3
params: { words: 60 }
steps:
  text: { uses: generate-corpus, with: { sentences: 60, pairs: 20 } }
  tok: { uses: train-tokenizer, in: { sentences: text.sentences }, with: { vocabSize: "\${params.words}" } }
  base: { uses: load-model, in: { tokenizer: tok }, with: { fresh: { layers: 1, hiddenSize: 8, heads: 2, maxPositions: 32 } } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: tok, pairs: text.pairs } }
  padded: { uses: load-model, in: { tokenizer: tok }, with: { fresh: { layers: 1, hiddenSize: 8, heads: 2, maxPositions: 32 }, pooling: mean-with-padding, paddedLength: 20 } }
  cosines: { uses: pseudo-label, in: { pairs: pairs, encoder: base.encoder } }
  cross: { uses: train-cross-encoder, in: { pairs: pairs, scores: cosines, model: base.model }, with: { epochs: 1, maxTokens: 20 } }
  score: { uses: evaluate-sts, in: { encoder: base.encoder, pairs: pairs, gold: text.gold } }
outputs: { encoder: base.encoder }
`;

const texts = ["a cat sleeps", 'the dog, "it" ran', "", "猫 🙂"];

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  place.file("a.yaml", pipeline);
  place.file("texts.txt", `${texts.join("\n")}\n`);
  const ran = await place.run(["run", "a.yaml", "--jobs", "1"]);
  expect(ran.stderr).toContain("run succeeded");
  await ok("export", "a.yaml", "--to", "model", "--int8");
  await ok("export", "a.yaml", "cross", "--to", "cross");
});
afterAll(() => place.remove());

/** The output of a command that succeeds. */
async function ok(...args: ReadonlyArray<string>): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

async function refused(...args: ReadonlyArray<string>): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  return stderr;
}

const read = (name: string) => readFileSync(join(place.folder, name));
const filesOf = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(place.folder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.folder.length + folder.length + 2))
    .sort();

interface Embedded {
  readonly text: string;
  readonly embedding: ReadonlyArray<number>;
}

/** What the JavaScript in an export's card gives, run as it stands there but for the names of library and folder. */
async function runCard(folder: string, result: string): Promise<Float32Array> {
  const [, code] = /```js\n(.*?)```/s.exec(read(`${folder}/README.md`).toString())!;
  const library = import.meta.resolve("@xenova/transformers");
  const script = code!.replace("@huggingface/transformers", library).replaceAll("./DIR", join(place.folder, folder));
  place.file(`${folder}.mjs`, `${script}\nexport default ${result};\n`);
  const { default: values } = (await import(join(place.folder, `${folder}.mjs`))) as { default: Float32Array };
  return values;
}

const farthest = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  expect(one.length).toBe(other.length);
  return Array.from(one).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
};

describe("pipeline export", () => {
  it("writes what loaders look for, and says of which output", async () => {
    expect(filesOf("model")).toEqual([
      "1_Pooling/config.json",
      "README.md",
      "config.json",
      "config_sentence_transformers.json",
      "model.safetensors",
      "modules.json",
      "onnx/model.onnx",
      "onnx/model_quantized.onnx",
      "sentence_bert_config.json",
      "special_tokens_map.json",
      "tandem.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "vocab.txt",
    ]);
    expect(filesOf("cross")).not.toContain("modules.json");
    expect(await ok("export", "a.yaml", "base.model", "--to", "bare")).toBe("base.model → bare\n");
  });

  it("tells in the card how good the model is and how it was made", () => {
    const card = read("model/README.md").toString();
    expect(card).toContain("# tiny: base.encoder");
    expect(card).toMatch(/\n\| \*\*base\.encoder\*\* \| score \| \*\*-?\d+\.\d\d\*\* \|/);
    expect(card).toMatch(
      /\| base \| load-model@1 \| tokenizer: tok\.tokenizer \| fresh: .*seed: 3 \| `[0-9a-f]{12}` \|/,
    );
    expect(card).not.toContain("cross");
    expect(read("cross/README.md").toString()).toMatch(
      /Of models it was made from.*\| base\.encoder \| score \| -?\d/s,
    );
  });

  it("tells in the card which model training began with, and the licence that its card names", async () => {
    place.file("model/README.md", "---\nlicense: mit\n---\n");
    place.file("start.yaml", "name: start\nsteps:\n  own: { uses: load-model, with: { source: model } }\n");
    await place.run(["run", "start.yaml"]);
    await ok("export", "start.yaml", "own", "--to", "again");
    expect(read("again/README.md").toString()).toContain(
      "Training began with `model`. Mind that model's licence: its card says `mit`.",
    );
    await ok("export", "a.yaml", "--to", "model", "--int8");
  });

  it("has no form for a pooling that other programs do not have, and embeds with it here", async () => {
    expect(await refused("export", "a.yaml", "padded.encoder", "--to", "padded")).toBe(
      "error: padded.encoder pools by mean-with-padding to 20, which no other program can be told to do\n" +
        "  hint: use it here, with `pipeline encode`, `similarity` or `nearest`; or train with pooling cls, mean or max\n",
    );
    expect(existsSync(join(place.folder, "padded"))).toBe(false);
    const embedded = JSON.parse(
      await ok("encode", "a.yaml", "--step", "padded.encoder", "a cat"),
    ) as ReadonlyArray<Embedded>;
    expect(embedded[0]!.embedding.length).toBe(8);
  });

  it("shows code in the card that works as it stands", async () => {
    const embedded = JSON.parse(await ok("encode", "model", "one sentence", "another")) as ReadonlyArray<Embedded>;
    expect(
      farthest(
        await runCard("model", "embeddings.data"),
        embedded.flatMap(({ embedding }) => embedding),
      ),
    ).toBeLessThan(1e-5);
    const { score } = JSON.parse(await ok("similarity", "cross", "one sentence", "another", "--json")) as {
      score: number;
    };
    expect(farthest(await runCard("cross", "scores"), [score])).toBeLessThan(1e-5);
  });

  it("replaces an earlier export with the same bytes, and leaves nothing beside it", async () => {
    const before = filesOf("model").map((name) => read(`model/${name}`));
    const beside = readdirSync(place.folder);
    await ok("export", "a.yaml", "--to", "model", "--int8");
    expect(filesOf("model").map((name) => read(`model/${name}`))).toEqual(before);
    expect(readdirSync(place.folder)).toEqual(beside);
  });

  it("writes into a folder that is empty", async () => {
    mkdirSync(join(place.folder, "empty"));
    await ok("export", "a.yaml", "--to", "empty");
    expect(existsSync(join(place.folder, "empty/config.json"))).toBe(true);
  });

  it("leaves alone what it did not write", async () => {
    mkdirSync(join(place.folder, "mine"));
    writeFileSync(join(place.folder, "mine/notes.txt"), "mine");
    expect(await refused("export", "a.yaml", "--to", "mine")).toBe(
      "mine: error: this folder is not empty, and not an earlier export\n  hint: name a new folder, an empty one, or an earlier export\n",
    );
    renameSync(join(place.folder, "mine/notes.txt"), join(place.folder, "bare/notes.txt"));
    expect(await refused("export", "a.yaml", "--to", "bare")).toBe(
      "bare: error: this earlier export now also holds notes.txt, which would be lost\n  hint: move it elsewhere, or name another folder\n",
    );
    expect(await refused("export", "a.yaml", "--to", "a.yaml")).toContain("this is a file, not a folder");
    expect(read("bare/notes.txt").toString()).toBe("mine");
    expect(await refused("export", "a.yaml", "--to", "a.yaml/x")).toContain(
      "a.yaml/x: error: cannot write there (ENOTDIR)",
    );
  });

  it("says what is not a model, what has not run, and that it needs a folder", async () => {
    expect(await refused("export", "a.yaml", "score", "--to", "x")).toBe(
      "error: `score` is Metrics, not a model\n  hint: name a step: cross.encoder, padded.model, base.model\n",
    );
    expect(await refused("export", "a.yaml", "--set", "words=70", "--to", "x")).toBe(
      "error: step `base` has not run with these settings\n  hint: pipeline run a.yaml --set words=70 --until 'base'\n",
    );
    expect(await refused("export", "a.yaml")).toBe(
      "error: `export` needs a folder to write to\n  hint: name it: --to DIR\n",
    );
    expect(existsSync(join(place.folder, "x"))).toBe(false);
  });

  it("gives each of several outputs a folder of its name", async () => {
    place.file("b.yaml", pipeline.replace(/outputs: .*/, "outputs: { one: base, two: cross, curve: cross.curve }"));
    expect(await ok("export", "b.yaml", "--to", "several")).toBe(
      "base.model → several/one\ncross.encoder → several/two\n",
    );
    expect(read("several/two/model.safetensors")).toEqual(read("cross/model.safetensors"));
  });
});

describe("pipeline encode", () => {
  it("gives the same from the folder as from the cache, by arguments as by a file", async () => {
    const fromFolder = await ok("encode", "model", "--input", "texts.txt");
    const embedded = JSON.parse(fromFolder) as ReadonlyArray<Embedded>;
    expect(embedded.map(({ text }) => text)).toEqual(texts);
    expect(embedded.map(({ embedding }) => embedding.length)).toEqual([8, 8, 8, 8]);
    expect(await ok("encode", "a.yaml", "--input", "texts.txt", "--json")).toBe(fromFolder);
    expect(await ok("encode", "model", ...texts)).toBe(fromFolder);
    const { stdout } = await place.run(["encode", "model"], { stdin: texts.join("\n") });
    expect(stdout).toBe(fromFolder);
    expect(await ok("encode", "model")).toBe("[]\n");
    expect(await ok("encode", "a.yaml", "--step", "base.model", ...texts)).toBe(fromFolder);
  });

  it("keeps order and repetitions, and a text has its embedding in any company", async () => {
    const many = [...texts, "a cat sleeps", "the dog\tran with a very much longer tail than the others", ...texts];
    const embedded = JSON.parse(await ok("encode", "model", ...many)) as ReadonlyArray<Embedded>;
    expect(embedded.map(({ text }) => text)).toEqual(many);
    for (const text of new Set(many)) {
      const [alone] = JSON.parse(await ok("encode", "model", "--", text)) as [Embedded];
      for (const each of embedded.filter((other) => other.text === text))
        expect(farthest(each.embedding, alone.embedding)).toBeLessThan(1e-5);
    }
  });

  it("writes CSV, npy and Arrow of the same numbers", async () => {
    const embedded = JSON.parse(await ok("encode", "model", ...texts)) as ReadonlyArray<Embedded>;
    const values = Float32Array.from(embedded.flatMap(({ embedding }) => embedding));
    await ok("encode", "model", "--input", "texts.txt", "--to", "t.csv");
    const lines = read("t.csv").toString().split("\r\n");
    expect(lines[0]).toBe("text,e0,e1,e2,e3,e4,e5,e6,e7");
    expect(lines[2]).toBe(`"the dog, ""it"" ran",${embedded[1]!.embedding.join(",")}`);
    await ok("encode", "model", "--input", "texts.txt", "--to", "t.npy");
    const npy = read("t.npy");
    expect(npy.subarray(0, 128).toString("latin1")).toBe(
      `\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4, 8), }`.padEnd(127) + "\n",
    );
    expect(new Float32Array(new Uint8Array(npy.subarray(128)).buffer)).toEqual(values);
    await ok("encode", "model", "--input", "texts.txt", "--to", "t.arrow");
    expect(await readEncodedTexts(read("t.arrow"))).toMatchObject({ texts, dimension: 8, values });
  });

  it.skipIf(!has8Bit)("computes in 8-bit numbers when asked to", async () => {
    const exact = JSON.parse(await ok("encode", "model", ...texts)) as ReadonlyArray<Embedded>;
    const quick = JSON.parse(await ok("encode", "model", "--precision", "int8", ...texts)) as ReadonlyArray<Embedded>;
    const values = ({ embedding }: Embedded) => embedding;
    const distance = farthest(exact.flatMap(values), quick.flatMap(values));
    expect(distance).toBeGreaterThan(0);
    expect(distance).toBeLessThan(0.1); // of unit vectors; eight channels average little out
  });

  it("says what it cannot do", async () => {
    expect(await refused("encode", "model", "a", "--precision", "int8", "--engine", "cpu")).toBe(
      "error: precision int8 is computed by the onnx engine only\n  hint: set precision to float32, or take the onnx engine\n",
    );
    expect(await refused("encode", "cross", "a")).toContain("this is a cross-encoder: it scores pairs");
    expect(await refused("encode", "mine", "a")).toContain("this folder holds no model: it has no config.json");
    expect(await refused("encode", "model", "a", "--input", "texts.txt")).toContain("there are texts and --input");
    expect(await refused("encode", "model", "--input", "none.txt")).toContain(
      "none.txt: error: this cannot be read (ENOENT)",
    );
    expect(await refused("encode", "nowhere", "a")).toBe(
      "nowhere: error: there is no such folder or pipeline file\n  hint: MODEL is an exported or Hugging Face folder, or a pipeline file\n",
    );
    expect(await refused("encode", "model", "a", "--step", "base")).toContain("--step goes with a pipeline file");
    mkdirSync(join(place.folder, "bodiless"));
    for (const name of ["config.json", "tokenizer.json"])
      cpSync(join(place.folder, "model", name), join(place.folder, "bodiless", name));
    expect(await refused("encode", "bodiless", "a")).toContain("it lacks model.safetensors");
    place.file("c.yaml", pipeline.replace(/outputs: .*/, "outputs: { one: base, two: base.encoder }"));
    expect(await refused("encode", "c.yaml", "a")).toBe(
      "c.yaml: error: its `outputs` are several models: base.model, base.encoder\n  hint: say which one is meant: --step STEP\n",
    );
  });

  it("writes a file whole or not at all", async () => {
    place.file("kept.json", "earlier");
    place.file("bad.txt", Uint8Array.of(97, 10, 255));
    const beside = readdirSync(place.folder);
    expect(await refused("encode", "model", "--input", "bad.txt", "--to", "kept.json")).toBe(
      "bad.txt:2: error: bytes that are not UTF-8\n  hint: texts are UTF-8, one a line\n",
    );
    expect(read("kept.json").toString()).toBe("earlier");
    expect(await refused("encode", "model", "a", "--to", "nowhere/a.json")).toBe(
      "nowhere/a.json: error: cannot write there (ENOENT)\n  hint: its folder is not there: make it first\n",
    );
    const full = await place.run(["encode", "model", "a", "--to", "/dev/full"]);
    expect([full.code, full.stderr]).toEqual([
      3,
      "/dev/full: error: cannot write there: the disk is full (ENOSPC)\n  hint: make room, or name another place\n",
    ]);
    expect(await refused("encode", "model", "a", "--to", "a.parquet")).toBe(
      "a.parquet: error: a name that ends in .parquet does not say which format is wanted\n  hint: end it in .json, .csv, .arrow, .npy, or say --format\n",
    );
    expect(readdirSync(place.folder)).toEqual(beside);
  });
});

describe("pipeline similarity", () => {
  it("is a cosine by a bi-encoder, a probability by a cross-encoder", async () => {
    expect(await ok("similarity", "model", "a cat", "a cat")).toBe("1.0000\n");
    const { score, range } = JSON.parse(await ok("similarity", "cross", "a cat", "a dog", "--json")) as {
      score: number;
      range: string;
    };
    expect([range, score > 0 && score < 1]).toEqual(["probability", true]);
  });
});

describe("pipeline nearest", () => {
  it("finds a text itself first, and the rest in order", async () => {
    await ok("encode", "a.yaml", "--input", "texts.txt", "--to", "n.arrow");
    const [first] = JSON.parse(
      await ok("nearest", "model", "n.arrow", texts[1]!, "--top", "3", "--json"),
    ) as ReadonlyArray<{
      query: string;
      nearest: ReadonlyArray<{ row: number; text: string; cosine: number }>;
    }>;
    expect(first!.query).toBe(texts[1]);
    expect(first!.nearest[0]).toEqual({ row: 1, text: texts[1], cosine: expect.closeTo(1, 5) });
    const cosines = first!.nearest.map(({ cosine }) => cosine);
    expect(cosines).toEqual(cosines.toSorted((a, b) => b - a));
    expect((await ok("nearest", "model", "n.arrow", "a", "b")).split("\n").filter((line) => line === "a" || line === "b")).toEqual(["a", "b"]); // prettier-ignore
  });

  it("gives records, and leaves the text itself out where asked to", async () => {
    place.file("twice.txt", "a cat\na\tdog\na cat\n");
    await ok("encode", "model", "--input", "twice.txt", "--to", "twice.arrow");
    expect(await ok("nearest", "model", "twice.arrow", " a cat ", "--others", "--top", "1")).toMatch(
      /^ -?0\.\d{4} {2}a dog\n$/,
    );
    const records = await ok("nearest", "model", "twice.arrow", "a cat", "--top", "2", "--format", "csv");
    expect(records).toBe("query,row,cosine,text\r\na cat,0,1.000000,a cat\r\na cat,2,1.000000,a cat\r\n");
  });

  it("refuses texts that another model encoded, and files of another kind", async () => {
    cpSync(join(place.folder, "model"), join(place.folder, "other"), { recursive: true });
    const pooling = JSON.parse(read("model/1_Pooling/config.json").toString()) as object;
    const first = { ...pooling, pooling_mode_mean_tokens: false, pooling_mode_cls_token: true };
    place.file("other/1_Pooling/config.json", JSON.stringify(first));
    expect(await refused("nearest", "other", "n.arrow", "a")).toBe(
      "n.arrow: error: these texts were encoded with another model than other\n  hint: cosines of unlike models mean nothing: encode the texts again with this model\n",
    );
    expect(await refused("nearest", "model", "a.yaml", "a")).toContain("a.yaml: error: not a whole Arrow file");
  });
});
