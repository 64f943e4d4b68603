import { assert, describe, it } from "@effect/vitest";
import * as Schema from "effect/Schema";
import type { KeyParts } from "../../src/core/ActionRecord.ts";
import { canonicalJson } from "../../src/core/canonicalJson.ts";
import { contentDigest, type ContentDigest } from "../../src/core/digest.ts";
import { fingerprintOf, keyPartsOf } from "../../src/core/fingerprint.ts";
import type { Json } from "../../src/core/canonicalJson.ts";
import type { SourceFile, AnyStage } from "../../src/core/Stage.ts";
import { compute, join, roll, say } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { testEngine } from "../kit/runEvents.ts";

const digest = (letter: string) => letter.repeat(64) as ContentDigest;

/** Every part there can be. */
const full: KeyParts = {
  formatVersion: 1,
  stage: { name: "train-simcse", version: 3 },
  config: { temperature: 0.05, batchSize: 64, name: "é\n", nested: { on: true, off: null }, list: [1, 2.5, -0] },
  inputs: { model: digest("a"), sentences: [digest("b"), digest("c")] },
  engine: testEngine,
  seed: 2021,
};

const stageWith = (config: AnyStage["config"]): AnyStage => ({ ...say, config });

const file = (name: string, letter: string): SourceFile => ({
  name,
  path: `/somewhere/${name}`,
  digest: digest(letter),
  sizeBytes: 1,
});

const pathAt = (field: string) => ({ field, pattern: "/p", written: "p", kind: "file" as const });

const keyOf = (stage: AnyStage, config: { readonly [field: string]: Json }) =>
  fingerprintOf(
    keyPartsOf(graphOf([{ id: "a", uses: stage, with: config }]).steps[0]!, {
      inputs: {},
      files: {},
      engine: testEngine,
    }),
  );

const ownStage = (code: string, packages: ReadonlyArray<string>): AnyStage => ({
  ...say,
  code: {
    file: "/anywhere/mine.ts",
    digest: digest(code),
    packages,
    module: { path: "/cache/stages/x.js", imports: {} },
    moved: () => undefined,
    isEdited: () => false,
  },
});

const keyOn = (device?: string) => {
  const [step] = graphOf([
    { id: "a", uses: compute, with: { words: "x", ...(device === undefined ? {} : { device }) } },
  ]).steps;
  return keyPartsOf(step!, { inputs: {}, files: {}, engine: testEngine });
};

describe("keys", () => {
  it("a change of them is a decision: digests and fingerprints of fixed inputs", () => {
    assert.strictEqual(
      contentDigest(new Uint8Array([0, 1, 2, 255])),
      "3d1f57c984978ef98a18378c8166c1cb8ede02c03eeb6aee7e2f121dfeee3e56",
    );
    assert.strictEqual(
      canonicalJson(full as unknown as Json),
      `{"config":{"batchSize":64,"list":[1,2.5,0],"name":"é\\n","nested":{"off":null,"on":true},"temperature":0.05},` +
        `"engine":{"arithmeticVersion":1,"deviceClass":"cpu","name":"test","precision":"float32","version":"1.0.0"},` +
        `"formatVersion":1,"inputs":{"model":"${"a".repeat(64)}","sentences":["${"b".repeat(64)}","${"c".repeat(64)}"]},` +
        `"seed":2021,"stage":{"name":"train-simcse","version":3}}`,
    );
    assert.strictEqual(fingerprintOf(full), "0e893d3f9648b95b503761b80f8641fa43870c04970cc892e7be3774fc9d07af");
    assert.strictEqual(
      fingerprintOf({ formatVersion: 1, stage: { name: "say", version: 1 }, config: {}, inputs: {} }),
      "c88fe7a7e3967ff217f42d989af03d12b603dff39e100b9419771a013a00b7f5",
    );
  });

  it("do not depend on the order in which members were written", () => {
    const { seed, engine, ...rest } = full;
    assert.strictEqual(fingerprintOf({ seed: seed!, ...rest, engine: engine! }), fingerprintOf(full));
  });

  it("change with each part", () => {
    const changed: ReadonlyArray<KeyParts> = [
      { ...full, formatVersion: 2 },
      { ...full, stage: { name: "train-simcse", version: 4 } },
      { ...full, stage: { name: "train-other", version: 3 } },
      { ...full, config: { ...full.config, temperature: 0.06 } },
      { ...full, inputs: { ...full.inputs, model: digest("d") } },
      { ...full, inputs: { ...full.inputs, sentences: [digest("c"), digest("b")] } },
      { ...full, engine: { ...testEngine, arithmeticVersion: 2 } },
      { ...full, engine: { ...testEngine, version: "1.0.1" } },
      { ...full, seed: 2022 },
    ];
    const keys = new Set([full, ...changed].map(fingerprintOf));
    assert.strictEqual(keys.size, changed.length + 1);
  });

  it("hold the engine and the seed only where the stage uses them", () => {
    const [a, b] = graphOf([
      { id: "a", uses: say, with: { words: "x" } },
      { id: "b", uses: { ...roll, usesEngine: true }, in: { text: "a" }, seed: 7 },
    ]).steps;
    const facts = { inputs: {}, files: {}, engine: testEngine };
    assert.deepStrictEqual(keyPartsOf(a!, facts), {
      formatVersion: 1,
      stage: { name: "say", version: 1 },
      config: { words: "x" },
      inputs: {},
    });
    assert.deepInclude(keyPartsOf(b!, facts), { engine: testEngine, seed: 7 });
  });

  it("hold the device of a step by its class, in the engine's part and not in the config", () => {
    assert.deepStrictEqual(keyOn(), keyOn("cpu"));
    assert.deepStrictEqual(keyOn().config, { words: "x" });
    assert.deepStrictEqual(keyOn("cuda:1").engine, { ...testEngine, deviceClass: "cuda" });
    assert.deepStrictEqual(keyOn("cuda:1"), keyOn("cuda"));
    assert.deepStrictEqual(keyOn("cuda").config, { words: "x" });
  });

  it("see a file's content and order, a folder's names too, and never a path", () => {
    const files = { "source.path": [file("x/b.txt", "1"), file("a.txt", "2")] };
    const keyed = (more: object) => {
      const path = { ...pathAt("source.path"), ...more };
      const uses = stageWith(Schema.Struct({ source: Schema.Struct({ path: Schema.String, rows: Schema.Number }) }));
      const step = graphOf([{ id: "a", uses, with: { source: { path: "p", rows: 3 } }, paths: [path] }]).steps[0]!;
      return keyPartsOf(step, { inputs: {}, files, engine: testEngine }).config;
    };
    const [one, two] = [digest("1"), digest("2")];
    assert.deepStrictEqual(keyed({}), { source: { path: { files: [one, two] }, rows: 3 } });
    assert.deepStrictEqual(keyed({ named: true }), {
      source: {
        path: {
          files: [
            { name: "b.txt", digest: one },
            { name: "a.txt", digest: two },
          ],
        },
        rows: 3,
      },
    });
    assert.deepStrictEqual(keyed({ kind: "folder" }), {
      source: {
        path: {
          files: [
            { name: "x/b.txt", digest: one },
            { name: "a.txt", digest: two },
          ],
        },
        rows: 3,
      },
    });
  });

  it("see the files of every element of a list, in lists of objects too", () => {
    const uses = stageWith(
      Schema.Struct({
        paths: Schema.Array(Schema.String),
        sources: Schema.Array(Schema.Struct({ path: Schema.String, weight: Schema.Number })),
      }),
    );
    const step = graphOf([
      {
        id: "a",
        uses,
        with: {
          paths: ["a", "b"],
          sources: [
            { path: "a", weight: 1 },
            { path: "b", weight: 2 },
          ],
        },
        paths: [pathAt("paths"), pathAt("paths"), pathAt("sources.path"), pathAt("sources.path")],
      },
    ]).steps[0]!;
    const both = [file("a", "1"), file("b", "2")];
    const facts = { inputs: {}, files: { paths: both, "sources.path": both }, engine: testEngine };
    const files = [digest("1"), digest("2")];
    assert.deepStrictEqual(keyPartsOf(step, facts).config, {
      paths: { files },
      sources: [
        { path: { files }, weight: 1 },
        { path: { files }, weight: 2 },
      ],
    });
  });

  it("keep the ports of a list apart from single ones", () => {
    const graph = graphOf([
      { id: "a", uses: say, with: { words: "x" } },
      { id: "b", uses: join, with: { between: "" }, in: { parts: ["a"] } },
    ]);
    const parts = keyPartsOf(graph.steps[1]!, { inputs: { parts: [digest("a")] }, files: {}, engine: testEngine });
    assert.notStrictEqual(fingerprintOf(parts), fingerprintOf({ ...parts, inputs: { parts: digest("a") } }));
  });
});

describe("absentMeans", () => {
  const before = stageWith(Schema.Struct({ words: Schema.String }));
  const mode = Schema.Literals(["plain", "loud"]).annotate({ absentMeans: "plain" });
  const after = stageWith(Schema.Struct({ words: Schema.String, mode }));

  it("keeps old keys where a new field says what its absence meant", () => {
    assert.strictEqual(keyOf(after, { words: "x", mode: "plain" }), keyOf(before, { words: "x" }));
  });

  it("changes the key for every other value, so also where a default is changed", () => {
    assert.notStrictEqual(keyOf(after, { words: "x", mode: "loud" }), keyOf(before, { words: "x" }));
  });

  it("works inside nested fields and on fields with checks", () => {
    const rate = Schema.Number.check(Schema.isGreaterThan(0)).annotate({ absentMeans: 0.1 });
    const nested = stageWith(
      Schema.Struct({ words: Schema.String, train: Schema.Struct({ steps: Schema.Number, rate }) }),
    );
    const plain = stageWith(Schema.Struct({ words: Schema.String, train: Schema.Struct({ steps: Schema.Number }) }));
    const old = keyOf(plain, { words: "x", train: { steps: 3 } });
    assert.strictEqual(keyOf(nested, { words: "x", train: { steps: 3, rate: 0.1 } }), old);
    assert.notStrictEqual(keyOf(nested, { words: "x", train: { steps: 3, rate: 0.2 } }), old);
  });
});

describe("canonicalJson", () => {
  it("refuses what has no exact JSON form", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, { a: 1n }, [undefined], () => 1]) {
      assert.throws(() => canonicalJson(value as never), /has no JSON form/);
    }
  });

  it("leaves undefined members out and sorts keys by code unit", () => {
    assert.strictEqual(canonicalJson({ b: 1, a: undefined, Z: 2, é: 3 }), `{"Z":2,"b":1,"é":3}`);
  });

  it("hold the code of a stage of one's own and the versions of its packages, not where it lies", () => {
    const keys = [
      keyOf(say, { words: "x" }),
      keyOf(ownStage("a", ["words@1.0.0"]), { words: "x" }),
      keyOf(ownStage("b", ["words@1.0.0"]), { words: "x" }),
      keyOf(ownStage("a", ["words@1.0.1"]), { words: "x" }),
    ];
    assert.strictEqual(new Set(keys).size, 4);
    const { code, ...rest } = ownStage("a", ["words@1.0.0"]);
    assert.strictEqual(keyOf({ ...rest, code: { ...code!, file: "/moved.ts" } }, { words: "x" }), keys[1]);
    assert.strictEqual(keys[1], "1e772631f79d5b97cc30683b5f0135c07b5f284fea88ef777c55d46abd8c0847");
  });
});
