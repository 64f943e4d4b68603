/** The real commands: what this machine has, and choices that cannot be had. */
import { afterAll, describe, expect, it } from "vitest";
import { Workplace } from "../pipelineCommand.ts";

const place = new Workplace();
afterAll(() => place.remove());

/** No build of onnxruntime has both. */
const foreign = process.platform === "darwin" ? "dml" : "coreml";
const nothingInstalled = { PIPELINE_TENSORFLOW: place.folder };

place.file(
  "a.yaml",
  `name: a
steps:
  corpus: { uses: generate-corpus, with: { sentences: 40, pairs: 10 } }
  tokenizer: { uses: train-tokenizer, in: { sentences: corpus }, with: { vocabSize: 100 } }
  fresh:
    uses: load-model
    in: { tokenizer: tokenizer }
    with: { fresh: { layers: 1, hiddenSize: 8, heads: 1, maxPositions: 16 }, maxTokens: 16 }
  pairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: corpus.pairs } }
  scores: { uses: pseudo-label, in: { pairs: pairs, encoder: fresh.encoder } }
`,
);

describe("pipeline doctor", () => {
  it("tries every engine there is", async () => {
    const { code, stdout } = await place.run(["doctor", "--json"], { env: nothingInstalled });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, tensorflow: null, cache: { writable: true, links: true } });
    expect(report.engines[0]).toMatchObject({ engine: "onnx", device: "cpu", works: true });
    expect(report.engines.at(-1)).toMatchObject({ engine: "cpu", device: "cpu", works: true });
    for (const each of report.engines.filter(({ works }: { works: boolean }) => works))
      expect(Math.min(each.gigaflops, each.stepMs)).toBeGreaterThan(0);
    expect(report.missing.map(({ command }: { command: string }) => command)).toContain(
      "pipeline doctor --install tensorflow",
    );
    expect(code).toBe(0);
  });

  it("knows what it can install", async () => {
    const { code, stderr } = await place.run(["doctor", "--install", "tensorflw"]);
    expect([code, stderr]).toEqual([2, "error: --install cannot be `tensorflw`\n  hint: did you mean `tensorflow`?\n"]);
  });
});

const mistake = async (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}) => {
  const { code, stderr } = await place.run(args, { env: { ...nothingInstalled, ...env } });
  return [code, stderr];
};

describe("a device", () => {
  it("that there is none of is a mistake in the arguments", async () => {
    expect(await mistake(["run", "a.yaml", "--device", "cudo"])).toEqual([
      2,
      "error: --device cannot be `cudo`\n  hint: did you mean `cuda`?\n",
    ]);
    expect(await mistake(["plan", "a.yaml"], { PIPELINE_DEVICE: "abacus" })).toEqual([
      2,
      "error: PIPELINE_DEVICE cannot be `abacus`\n  hint: it takes one of, or one of several such as cuda:1: cpu, cuda, tensorrt, webgpu, dml, coreml\n",
    ]);
    expect(await mistake(["plan", "a.yaml", "--set", "scores.device=webgpi"])).toEqual([
      2,
      expect.stringContaining('not the text "webgpi"\n  hint: did you mean `webgpu`?'),
    ]);
    expect(await mistake(["run", "a.yaml", "--engine", "cpu", "--device", "cuda"])).toEqual([
      2,
      "error: the cpu engine cannot compute on cuda\n  hint: it computes on cpu\n",
    ]);
    expect(await mistake(["run", "a.yaml", "--engine", "tensorflow"])).toEqual([
      2,
      "error: the tensorflow engine is not installed\n  hint: install it: pipeline doctor --install tensorflow\n",
    ]);
  });

  it("that this machine has none of fails the step, and nothing computes in its place", async () => {
    const args = ["run", "a.yaml", "--set", `scores.device=${foreign}`];
    const { code, stderr } = await place.run(args);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `error: step scores: The device ${foreign} is not available: onnxruntime for ${process.platform} on ${process.arch} has none.\n  hint: it has cpu`,
    );
    expect((await place.run(["plan", "a.yaml", "--set", `scores.device=${foreign}`])).stdout).toContain(
      "1 step to run",
    );
  });

  it("and the engine are in the key: another one runs again, the same one does not", async () => {
    expect((await place.run(["run", "a.yaml"])).stdout).toContain("ran 1, hits 4");
    expect((await place.run(["run", "a.yaml", "--device", "cpu", "--engine", "onnx"])).stdout).toContain(
      "nothing to do",
    );
    const why = await place.run(["why", "a.yaml", "scores", "--device", "cuda"]);
    expect(why.stdout).toContain("  engine deviceClass: cpu → cuda\n");
    expect((await place.run(["run", "a.yaml", "--engine", "cpu"])).stdout).toContain("ran 1, hits 4");
    expect((await place.run(["plan", "a.yaml"], { env: { PIPELINE_ENGINE: "cpu" } })).stdout).toContain(
      "nothing to do",
    );
  });
});
