/** Config fields that name files: found under every wrapper, made absolute from the right folder. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { output, type ArtifactType } from "../../src/core/ArtifactType.ts";
import { folder, path } from "../../src/core/path.ts";
import { defineStage } from "../../src/core/Stage.ts";
import { graphOf, workingFolder } from "./fakeStages.ts";

const Anything: ArtifactType<unknown> = {
  name: "Anything",
  encode: () => Promise.resolve(new Uint8Array()),
  decode: () => Promise.resolve(undefined),
};

const reader = defineStage({
  name: "reader",
  version: 1,
  description: "Has a path field in every wrapper.",
  config: Schema.Struct({
    plain: Schema.optionalKey(path("a file", { named: true })),
    optional: Schema.optional(folder("a folder")),
    defaulted: path("a file").pipe(Schema.withDecodingDefaultKey(Effect.succeed("default.txt"))),
    typed: path("a file").pipe(Schema.withDecodingDefaultTypeKey(Effect.succeed("typed.txt"))),
    checked: Schema.optionalKey(path("a file").check(Schema.isMaxLength(50))),
    many: Schema.optionalKey(Schema.Array(path("files"))),
    either: Schema.optionalKey(Schema.Union([Schema.Literal("fresh"), folder("a folder")])),
    nested: Schema.optionalKey(Schema.Struct({ deep: Schema.Struct({ file: path("a file") }) })),
    byName: Schema.optionalKey(Schema.Record(Schema.String, path("files by name"))),
    model: Schema.optionalKey(folder("a folder", { files: ["config.json"], firstOf: [[["a.bin"], ["b.bin"]]] })),
    data: Schema.optionalKey(folder("a folder", { namesIn: "tests", suffix: ".tsv" })),
    tests: Schema.optionalKey(Schema.Array(Schema.String)),
    text: Schema.optionalKey(Schema.String),
  }),
  inputs: {},
  outputs: { out: output(Anything, "nothing") },
  run: () => Effect.die("never runs"),
});

const request = { stages: [reader], cwd: "/somewhere/else", file: join(workingFolder, "x.yaml") };

function pathsOf(settings: string, more = {}) {
  const text = `params: { root: data }\nsteps: { a: { uses: reader, with: ${settings} } }\n`;
  const [step] = graphOf(text, { ...request, ...more }).steps;
  return step!.paths.filter(({ written }) => written !== "default.txt" && written !== "typed.txt");
}

const inFile = (name: string) => join(workingFolder, name);

describe("a path field", () => {
  it("resolves from the pipeline file's folder, whatever the working directory", () => {
    expect(pathsOf("{ plain: data/*.txt }")).toEqual([
      { field: "plain", pattern: inFile("data/*.txt"), written: "data/*.txt", kind: "file", named: true },
    ]);
    expect(pathsOf("{ optional: ../up }")).toEqual([
      { field: "optional", pattern: join(workingFolder, "../up"), written: "../up", kind: "folder" },
    ]);
    expect(pathsOf("{ checked: /absolute/x }")).toEqual([
      { field: "checked", pattern: "/absolute/x", written: "/absolute/x", kind: "file" },
    ]);
  });

  it("is found where its value is the default", () => {
    const [step] = graphOf("steps: { a: { uses: reader } }\n", request).steps;
    expect(step!.paths).toEqual([
      { field: "defaulted", pattern: inFile("default.txt"), written: "default.txt", kind: "file" },
      { field: "typed", pattern: inFile("typed.txt"), written: "typed.txt", kind: "file" },
    ]);
    expect(step!.encodedConfig).toEqual({ defaulted: "default.txt", typed: "typed.txt" });
  });

  it("is found in lists, which share its name, in structs and in records", () => {
    expect(pathsOf("{ many: [b.txt, a.txt] }")).toEqual([
      { field: "many", pattern: inFile("b.txt"), written: "b.txt", kind: "file" },
      { field: "many", pattern: inFile("a.txt"), written: "a.txt", kind: "file" },
    ]);
    expect(pathsOf("{ nested: { deep: { file: x } } }")).toEqual([
      { field: "nested.deep.file", pattern: inFile("x"), written: "x", kind: "file" },
    ]);
    expect(pathsOf("{ byName: { one: x } }")).toEqual([
      { field: "byName.one", pattern: inFile("x"), written: "x", kind: "file" },
    ]);
  });

  it("in a union is one only where the value is not another member", () => {
    expect(pathsOf("{ either: fresh, text: x }")).toEqual([]);
    expect(pathsOf("{ either: ./m }")).toEqual([
      { field: "either", pattern: inFile("m"), written: "./m", kind: "folder" },
    ]);
  });

  it("of a folder says which files are read", () => {
    expect(pathsOf("{ model: m, data: d, tests: [sts12, sts13] }")).toMatchObject([
      { only: ["config.json"], firstOf: [[["a.bin"], ["b.bin"]]] },
      { only: ["sts12.tsv", "sts13.tsv"] },
    ]);
  });
});

const patterns = (settings: string, more = {}) => pathsOf(settings, more).map(({ pattern }) => pattern);

describe("a path with a parameter", () => {
  it("resolves from the file's folder where the file's default stands", () => {
    expect(patterns('{ plain: "${params.root}/a" }')).toEqual([inFile("data/a")]);
  });

  it("resolves from the working directory where it begins with what the command line gave", () => {
    const sets = ["root=mine"];
    expect(patterns('{ plain: "${params.root}/a", many: ["${params.root}", b] }', { sets })).toEqual([
      "/somewhere/else/mine/a",
      "/somewhere/else/mine",
      inFile("b"),
    ]);
    expect(patterns('{ plain: "./${params.root}/a" }', { sets })).toEqual([inFile("mine/a")]);
    expect(patterns('{ plain: "${params.root}" }', { env: { PIPELINE_SET_root: "mine" } })).toEqual([
      "/somewhere/else/mine",
    ]);
    expect(patterns('{ plain: "${env.DATA}/x" }', { env: { DATA: "mine" } })).toEqual(["/somewhere/else/mine/x"]);
    expect(patterns("{ plain: x }", { sets: ["a.plain=mine"] })).toEqual(["/somewhere/else/mine"]);
  });
});
