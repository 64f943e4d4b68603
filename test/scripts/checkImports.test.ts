import { describe, expect, it } from "vitest";
import { violations } from "../../scripts/checkImports.ts";
import { importsOf } from "../../scripts/importsOf.ts";

const check = (files: { readonly [path: string]: string }) => violations(Object.keys(files), (path) => files[path]!);

describe("the imports of a source", () => {
  it("are found in every form, with line and kind", () => {
    const source = `/** import "./not.ts"; */
import * as A from "a";
import {
  b,
} from "./b.ts";
import type { C } from "./c.ts";
// import "./neither.ts";
export { d } from "./d.ts";
import "./e.ts";
const f = await import("./f.ts");
type G = import("./g.ts").G;
`;
    expect(importsOf(source).map(({ specifier, line, kind }) => `${line} ${kind} ${specifier}`)).toEqual([
      "2 value a",
      "3 value ./b.ts",
      "6 type ./c.ts",
      "8 value ./d.ts",
      "9 value ./e.ts",
      "10 dynamic ./f.ts",
      "11 type ./g.ts",
    ]);
  });
});

describe("the check of imports", () => {
  it("names file and line of an arrow that is not there", () => {
    expect(
      check({
        "src/core/a.ts": `import * as Effect from "effect/Effect";\nimport { b } from "../store/b.ts";\n`,
        "src/store/b.ts": `import type { A } from "../core/a.ts";\nimport * as yaml from "yaml";\nimport "node:fs";\n`,
      }),
    ).toEqual([
      "src/core/a.ts:2: src/core may not import src/store/b.ts",
      "src/store/b.ts:2: src/store may not import the package yaml",
    ]);
  });

  it("lets artifact import types of nn, but no code", () => {
    expect(check({ "src/artifact/a.ts": `import type { W } from "../nn/W.ts";\n`, "src/nn/W.ts": "" })).toEqual([]);
    expect(check({ "src/artifact/a.ts": `import { w } from "../nn/W.ts";\n`, "src/nn/W.ts": "" })).toEqual([
      "src/artifact/a.ts:1: src/artifact may not import more than types of src/nn/W.ts",
    ]);
  });

  it("lets stages see the engine's interface, and not what implements it", () => {
    const files = { "src/engine/Engine.ts": "", "src/engine/onnx/layer.ts": "" };
    expect(check({ ...files, "stages/a.ts": `import { Engine } from "../src/engine/Engine.ts";\n` })).toEqual([]);
    expect(check({ ...files, "stages/a.ts": `import { layer } from "../src/engine/onnx/layer.ts";\n` })).toHaveLength(
      1,
    );
  });

  it("finds a heavy package at the top of anything the command line loads, and says by which way", () => {
    expect(
      check({
        "src/cli/main.ts": `import "../log/pretty.ts";\nconst later = () => import("../log/pinoLog.ts");\n`,
        "src/log/pretty.ts": `import "./lines.ts";\n`,
        "src/log/lines.ts": `import { pino } from "pino";\n`,
        "src/log/pinoLog.ts": `import { pino } from "pino";\n`,
      }),
    ).toEqual([
      "src/log/lines.ts:1: pino is heavy, import() it where it is used (src/cli/main.ts → src/log/pretty.ts → src/log/lines.ts)",
    ]);
  });

  it("lets modules of Effect through, but not the barrel", () => {
    expect(check({ "stages/a.ts": `import * as Effect from "effect/Effect";\n` })).toEqual([]);
    expect(check({ "stages/a.ts": `import { Effect } from "effect";\n` })).toEqual([
      "stages/a.ts:1: effect is heavy, import() it where it is used (stages/a.ts)",
    ]);
  });

  it("finds modules that import each other; types and later imports make no cycle", () => {
    expect(
      check({
        "src/spec/a.ts": `import { b } from "./b.ts";\n`,
        "src/spec/b.ts": `import { c } from "./c.ts";\n`,
        "src/spec/c.ts": `import { a } from "./a.ts";\n`,
        "src/spec/d.ts": `import type { E } from "./e.ts";\n`,
        "src/spec/e.ts": `import { d } from "./d.ts";\n`,
      }),
    ).toEqual([
      "src/spec/a.ts:1: modules import each other: src/spec/a.ts → src/spec/b.ts → src/spec/c.ts → src/spec/a.ts",
    ]);
  });
});
