import { mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PlanStep } from "../../src/core/plan.ts";
import { Workplace } from "./pipelineCommand.ts";

const stage = `import { defineStage, input, output, path, Schema, Sentences } from "tandem";
import { readFileSync } from "node:fs";
import { least } from "./least.ts";
import { shorten } from "words";

export default defineStage({
  name: "long-ones",
  description: "Keeps sentences of many words.",
  config: Schema.Struct({ but: Schema.optionalKey(path("A word to leave out.")) }),
  inputs: { from: input(Sentences, "Sentences") },
  outputs: { long: output(Sentences, "Those that are long") },
  run: async ({ inputs, files }) => {
    const but = files.but === undefined ? "" : readFileSync(files.but[0]!.path, "utf8").trim();
    const texts = inputs.from.texts.filter((text) => text.split(" ").length > least && !text.includes(but || "?"));
    return { long: { texts: texts.map(shorten) } };
  },
});
`;
const pipeline = `steps:
  corpus: { uses: read-sentences, with: { path: data.txt } }
  long: { uses: ./stage.ts, in: { from: corpus } }
  few: { uses: sample, in: { from: long }, with: { rows: 2 } }
outputs: { few: few }
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  mkdirSync(join(place.folder, "node_modules/words"), { recursive: true });
  words("1.0.0", "text.toUpperCase()");
  place.file("data.txt", "one two three\nfour\nfive six seven eight\nnine ten\n");
  place.file("least.ts", "export const least: number = 2;\n");
  place.file("stage.ts", stage);
  place.file("a.yaml", pipeline);
});
afterEach(() => place.remove());

const words = (version: string, result: string) => {
  const manifest = { name: "words", version, type: "module", exports: "./index.js" };
  place.file("node_modules/words/package.json", JSON.stringify(manifest));
  place.file("node_modules/words/index.js", `export const shorten = (text) => ${result};\n`);
};
const edit = (name: string, from: string, to: string) => {
  const text = readFileSync(join(place.folder, name), "utf8");
  expect(text).toContain(from);
  place.file(name, text.replace(from, to));
};
/** The stage writes a file before it goes on. */
const meddling = (meddle: string) =>
  edit("stage.ts", "const but =", `(await import("node:fs")).writeFileSync(${meddle});\n    const but =`);
const planned = async (file = "a.yaml", env = {}): Promise<ReadonlyArray<PlanStep>> => {
  const { code, stdout } = await place.run(["plan", file, "--json"], { env });
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { steps: ReadonlyArray<PlanStep> }).steps;
};
const states = async (file?: string, env = {}) => (await planned(file, env)).map(({ state }) => state);
const shown = async (step = "long") =>
  JSON.parse((await place.run(["show", "a.yaml", step, "--format", "json"])).stdout) as unknown;

const diagnostics = async (text: string): Promise<string> => {
  place.file("stage.ts", text);
  const { code, stderr } = await place.run(["plan", "a.yaml"]);
  expect(code).toBe(2);
  return stderr;
};

describe("a stage of one's own", () => {
  it("runs, in its worker, and is a hit the next time, from the bundle as from the sources", async () => {
    place.file("stage.ts", `console.log("printed");\n${stage}`);
    const { stdout } = await place.run(["run", "a.yaml", "--json"]);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.at(-1)).toMatchObject({ event: "run.finished", ran: 3, hits: 0, failed: 0 });
    expect(await shown()).toEqual([{ text: "ONE TWO THREE" }, { text: "FIVE SIX SEVEN EIGHT" }]);
    expect(await states("a.yaml", { PIPELINE_UNBUNDLED: "1" })).toEqual(["fresh", "fresh", "fresh"]);
    expect((await planned()).map(({ stage }) => stage)).toEqual(["read-sentences", "./stage.ts", "sample"]);
  });

  it("is stale by its code, its imports and their versions, and says so; not by comments, nor by where it lies", async () => {
    await place.run(["run", "a.yaml"]);
    edit("stage.ts", "export default", "// Those with many words.\nexport default");
    mkdirSync(join(place.folder, "lib"));
    for (const name of ["stage.ts", "least.ts"]) renameSync(join(place.folder, name), join(place.folder, "lib", name));
    edit("a.yaml", "./stage.ts", "./lib/stage.ts");
    expect(await states()).toEqual(["fresh", "fresh", "fresh"]);

    edit("lib/least.ts", "2", "3");
    const [, code] = await planned();
    expect(code).toMatchObject({ stage: "./lib/stage.ts", state: "stale", why: [{ part: "stage", path: "code" }] });
    edit("lib/least.ts", "3", "2");
    words("1.0.1", "text");
    const [, version] = await planned();
    expect(version!.why).toEqual([{ part: "stage", path: "package words", from: "1.0.0", to: "1.0.1" }]);
    expect((await place.run(["why", "a.yaml", "long"])).stdout).toContain("stage package words: 1.0.0 → 1.0.1");
    await place.run(["run", "a.yaml"]);
    expect(await shown()).toEqual([{ text: "one two three" }, { text: "five six seven eight" }]);
  });

  it("is another module at another place, whose packages may be others", async () => {
    mkdirSync(join(place.folder, "other/node_modules/words"), { recursive: true });
    place.file(
      "other/node_modules/words/package.json",
      '{ "name": "words", "version": "3.0.0", "exports": "./i.mjs" }',
    );
    place.file("other/node_modules/words/i.mjs", "export const shorten = (text) => text.slice(0, 3);");
    place.file("other/stage.ts", stage);
    place.file("other/least.ts", "export const least: number = 2;\n");
    edit("a.yaml", "outputs:", "  twin: { uses: ./other/stage.ts, in: { from: corpus } }\noutputs:");
    mkdirSync(join(place.folder, "real"));
    symlinkSync(join(place.folder, "real"), join(place.folder, "cache"));
    await place.run(["run", "a.yaml"]);
    expect(await shown("long")).toEqual([{ text: "ONE TWO THREE" }, { text: "FIVE SIX SEVEN EIGHT" }]);
    expect(await shown("twin")).toEqual([{ text: "one" }, { text: "fiv" }]);
  });

  it("is told by `compare` where its code changed between two runs", async () => {
    await place.run(["run", "a.yaml"]);
    edit("least.ts", "2", "3");
    await place.run(["run", "a.yaml"]);
    const runs = JSON.parse((await place.run(["runs", "--json"])).stdout) as ReadonlyArray<{ readonly run: string }>;
    const { stdout } = await place.run(["compare", runs[0]!.run, "last", "--json"]);
    const { config } = JSON.parse(stdout) as {
      readonly config: ReadonlyArray<{ path: string; values: Array<unknown> }>;
    };
    const code = config.find(({ path }) => path === "long.code")!.values;
    expect(code).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(code[0]).not.toBe(code[1]);
    expect(config.find(({ path }) => path === "corpus.code")).toBeUndefined();
  });

  it("is stale by a file that a setting names", async () => {
    edit("a.yaml", "in: { from: corpus }", "in: { from: corpus }, with: { but: but.txt }");
    place.file("but.txt", "eight\n");
    await place.run(["run", "a.yaml"]);
    expect(await shown()).toEqual([{ text: "ONE TWO THREE" }]);
    place.file("but.txt", "one\n");
    expect((await planned())[1]!.why).toMatchObject([{ part: "file" }]);
  });

  it("inherits the seed where it uses one, and runs in the driver where it says so", async () => {
    place.file(
      "stage.ts",
      `import { defineStage, Effect, input, output, permutation, Progress, randomKey, selectRows, Sentences, Schema } from "tandem";
export default defineStage({
  name: "shuffle", usesSeed: true, runsIn: "driver",
  config: Schema.Struct({}),
  inputs: { from: input(Sentences, "Sentences") },
  outputs: { out: output(Sentences, String(process.send === undefined)) },
  run: Effect.fnUntraced(function* ({ inputs, seed }) {
    (yield* Progress).report({ done: 1, total: 1, unit: "shuffles" });
    yield* Effect.logWarning(process.send === undefined ? "in the driver" : "in a worker");
    return { out: selectRows(inputs.from, (length) => permutation(randomKey("shuffle", seed), length)) as Sentences };
  }),
});`,
    );
    expect((await place.run(["run", "a.yaml"])).stderr).toContain("long: warning: in the driver");
    const steps = JSON.parse((await place.run(["plan", "a.yaml", "--json", "--set", "seed=9"])).stdout) as {
      steps: ReadonlyArray<PlanStep>;
    };
    expect(steps.steps[1]!.why).toMatchObject([{ part: "seed", to: 9 }]);
  });

  it("computes with the engine, which is then in its key", async () => {
    place.file(
      "stage.ts",
      `import { defineStage, Effect, Engine, input, Metrics, output, Schema, Sentences } from "tandem";
export default defineStage({
  name: "doubled", usesEngine: true,
  config: Schema.Struct({}),
  inputs: { from: input(Sentences, "Sentences") },
  outputs: { out: output(Metrics, "Twice their number") },
  run: Effect.fnUntraced(function* ({ inputs }) {
    const engine = yield* Engine;
    const tf = yield* Effect.promise(() => import("@tensorflow/tfjs-core"));
    const value = yield* Effect.promise(async () => {
      const program = yield_program(tf);
      const doubled = await engine.compile(program);
      return (await doubled.run({ x: Float32Array.of(inputs.from.texts.length) }))["y"]![0]!;
    });
    return { out: { rows: [{ name: "doubled", value }] } };
  }),
});
const yield_program = (tf: typeof import("@tensorflow/tfjs-core")) => ({
  key: "double",
  inputs: [{ name: "x", shape: [1], dtype: "float32" as const }],
  build: ({ x }: { readonly [name: string]: import("@tensorflow/tfjs-core").Tensor }) => ({ y: tf.mul(x!, 2) }),
});`,
    );
    place.file(
      "a.yaml",
      "steps:\n  corpus: { uses: read-sentences, with: { path: data.txt } }\n  long: { uses: ./stage.ts, in: { from: corpus } }\n",
    );
    const { stderr } = await place.run(["run", "a.yaml", "--engine", "cpu"]);
    expect(stderr).toContain("run succeeded");
    expect(
      JSON.parse((await place.run(["show", "a.yaml", "long", "--format", "json", "--engine", "cpu"])).stdout),
    ).toEqual([{ name: "doubled", value: 8 }]);
    const { why } = (await planned())[1]!;
    expect(why).toContainEqual({ part: "engine", path: "name", from: "cpu", to: "onnx" });
    expect(why.filter(({ part }) => part !== "engine")).toEqual([]);
  });

  it("is explained by `stages`", async () => {
    const { stdout } = await place.run(["stages", "./stage.ts"]);
    expect(stdout).toBe(`long-ones (version 1): Keeps sentences of many words.

Inputs
  from  Sentences  Sentences

Outputs
  long  Sentences  Those that are long (main port)

Settings
  but: the path of a file; optional
      A word to leave out.
`);
    const json = JSON.parse((await place.run(["stages", "stage.ts", "--json"])).stdout) as ReadonlyArray<object>;
    expect(json).toMatchObject([{ name: "long-ones", inputs: { from: "Sentences" }, outputs: { long: "Sentences" } }]);
  });
});

describe("what moves while a stage of one's own runs", () => {
  it("its own code: what was planned is what ran, a warning says so, and the next run takes the edit", async () => {
    meddling(`"least.ts", "export const least: number = 3;"`);
    const first = await place.run(["run", "a.yaml"]);
    expect(first.stderr).toContain("long: warning: its stage was edited after the run began: it ran as it was then");
    expect(await states()).toEqual(["fresh", "stale", "stale"]);
    await place.run(["run", "a.yaml"]);
    expect(await shown()).toEqual([{ text: "FIVE SIX SEVEN EIGHT" }]);
    place.file("least.ts", "export const least: number = 2;");
    expect(await states()).toEqual(["fresh", "fresh", "fresh"]);
    expect(await shown()).toEqual([{ text: "ONE TWO THREE" }, { text: "FIVE SIX SEVEN EIGHT" }]);
  });

  it("a package: the step fails by name and nothing is cached", async () => {
    meddling(`"node_modules/words/package.json", '{ "name": "words", "version": "1.0.9", "exports": "./index.js" }'`);
    const { code, stderr } = await place.run(["run", "a.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "error: step long: package words (words@1.0.0) changed (now it is words@1.0.9) while long was running; nothing of it was cached.",
    );
    words("1.0.0", "text.toUpperCase()");
    expect(await states()).toEqual(["fresh", "stale", "stale"]);
  });

  it("whose file changes while it runs ends with exit code 1 and nothing cached", async () => {
    place.file("but.txt", "one");
    edit("a.yaml", "{ from: corpus } }", "{ from: corpus }, with: { but: but.txt } }");
    meddling(`${JSON.stringify(join(place.folder, "but.txt"))}, "six"`);
    const { code, stderr } = await place.run(["run", "a.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toContain("but.txt changed while long was running; nothing of it was cached.");
    expect(await states()).toEqual(["fresh", "stale", "stale"]);
  });
});

describe("a stage of one's own that is none", () => {
  const uses = `  3 |   long: { uses: ./stage.ts, in: { from: corpus } }
    |                 ^^^^^^^^^^`;

  it("breaks when it is loaded: told with both places", async () => {
    const text = `// types are gone when it runs, places stay\ninterface A { readonly a: number }\nconst boom = (): A => {\n  throw new RangeError("out of it");\n};\nexport default boom();\n`;
    expect(await diagnostics(text))
      .toBe(`a.yaml:3:17: error: stage \`./stage.ts\` breaks when it is loaded: RangeError: out of it
${uses}
  at stage.ts:4:9
  4 |   throw new RangeError("out of it");
    |         ^

1 error
`);
  });

  it("is no stage, is no source, or lets code in past the key: all of it at once, with the file's other mistakes", async () => {
    edit("a.yaml", "{ few: few }", "{ few: few, more: nothing }");
    edit("a.yaml", "rows: 2", "rows: none");
    place.file("least.ts", "export const least = ;\n");
    const text = `import { least } from "./least.ts";
import { missing } from "./missing";
const name = "./least.ts";
export const more = () => import(name);
export default [least, missing, import.meta.url];
`;
    const stderr = await diagnostics(text);
    const heads = stderr.split("\n").filter((line) => / error: |^ {2}at /.test(line));
    expect(heads).toEqual([
      "a.yaml:3:17: error: stage `./stage.ts` imports `./missing`, and there is no such file",
      "  at stage.ts:2:25",
      "a.yaml:3:17: error: stage `./stage.ts` imports what is only known when it runs: that code would not be in the key",
      "  at stage.ts:4:27",
      "a.yaml:3:17: error: stage `./stage.ts` uses `import.meta`, which differs from place to place",
      "  at stage.ts:5:33",
      "a.yaml:3:17: error: stage `./stage.ts` does not load: least.ts is no valid source: Unexpected token",
      "  at least.ts:1:22",
      'a.yaml:4:58: error: `rows` must be an integer greater than 0, not the text "none"',
      "a.yaml:5:28: error: there is no step `nothing` here",
    ]);
  });

  it.each([
    ["export const stage = 3;\n", "has no default export"],
    ["export default 3;\n", "exports by default what is no stage (a number)"],
    [stage.replace('"long-ones"', '"sample"'), "has the name of a stage that there is already, `sample`"],
    [
      stage.replace('output(Sentences, "Those that are long")', "{ type: 3 } as any"),
      "has an output port `long` that gives no artifact type",
    ],
    [
      stage.replace(/Schema.Struct\(.*\)\)\) \}\)|Schema.Struct\(.*\),/, "{},"),
      "has a `config` that is no schema (an object)",
    ],
    [stage.replace("words", "wrds"), "imports `wrds`, and there is no such package here"],
    [
      stage.replace("{ least }", "{ most }").replace("> least", "> most"),
      'does not load: "most" is not exported by "least.ts".',
    ],
    [
      'import { Effect } from "effect";\nexport default Effect;\n',
      'imports `effect`, of which there may be one copy only: import { Effect, Schema } from "tandem"',
    ],
  ])("%#: is told why", async (text, message) => {
    expect(await diagnostics(text)).toContain(
      `a.yaml:3:17: error: stage \`./stage.ts\` ${message}\n${uses}\n  at stage.ts:`,
    );
  });

  it("is not there", async () => {
    edit("a.yaml", "./stage.ts", "./stag.ts");
    const { stderr } = await place.run(["plan", "a.yaml"]);
    expect(stderr).toContain("a.yaml:3:17: error: stage `./stag.ts` is not there\n");
    expect(stderr).toContain("  hint: did you mean `./stage.ts`?\n");
  });

  it("has a fault that shows when it runs: told with its place", async () => {
    edit("stage.ts", "const but =", "inputs.from.texts[99]!.trim();\n    const but =");
    const { code, stderr } = await place.run(["run", "a.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "stage.ts:13: error: step long: long-ones broke on a fault of its own: Cannot read properties of undefined",
    );
  });
});

describe("what a stage of one's own gives", () => {
  it.each([
    ["{}", "long-ones broke on a fault of its own: it gave nothing for its output long"],
    ["{ long: 5 }", "long-ones broke on a fault of its own: its output long is no Sentences ("],
  ])("%s: fails its step by name where it is not what its ports say", async (result, message) => {
    edit("stage.ts", "return { long: { texts: texts.map(shorten) } }", `return ${result} as any`);
    const { code, stderr } = await place.run(["run", "a.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it("may be a failure with its own place", async () => {
    edit("stage.ts", "Schema, Sentences }", "Schema, Sentences, StageFailure }");
    const failure =
      '{ cause: "stage-error", message: "There is no long one.", hint: "Write more.", path: "data.txt", line: 2 }';
    edit("stage.ts", "return {", `if (but === "") throw new StageFailure(${failure});\n    return {`);
    const { stderr } = await place.run(["run", "a.yaml"]);
    expect(stderr).toContain("data.txt:2: error: step long: There is no long one.\n  hint: Write more.\n");
  });
});

describe("the example", () => {
  it("runs", async () => {
    const file = fileURLToPath(new URL("../../pipelines/examples/own-stage.yaml", import.meta.url));
    const cache = join(place.folder, "cache");
    const { stdout } = await place.run(["run", file, "--cache", cache, "--set", "sentences=200"]);
    expect(stdout).toContain("ran 4, hits 0, failed 0");
    const rows = JSON.parse(
      (await place.run(["show", file, "few", "--cache", cache, "--set", "sentences=200", "--format", "json"])).stdout,
    ) as ReadonlyArray<object>;
    expect(rows.length).toBeGreaterThan(20);
  });
});
