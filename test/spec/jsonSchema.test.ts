/** The JSON Schema for editors: what it offers for a step follows from the stage it uses. */
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/canonicalJson.ts";
import { configJsonSchema, pipelineJsonSchema } from "../../src/spec/jsonSchema.ts";
import { fakeStages } from "./fakeStages.ts";

type JsonObject = { readonly [key: string]: Json | undefined };
const at = (value: Json | undefined, ...path: ReadonlyArray<string | number>): Json | undefined =>
  path.reduce<Json | undefined>((current, key) => (current as JsonObject | undefined)?.[key], value);

const schema = pipelineJsonSchema(fakeStages);
const stage = (name: string) => fakeStages.findIndex((one) => one.name === name);
const ruleOf = (name: string) => at(schema, "$defs", "step", "allOf", stage(name));

describe("the JSON Schema", () => {
  it("is of draft 2020-12, with the file's keys and their descriptions", () => {
    expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(Object.keys(schema["properties"] as JsonObject)).toEqual(
      "name seed params steps outputs extends".split(" "),
    );
    expect(schema["additionalProperties"]).toBe(false);
    expect(at(schema, "properties", "params", "description")).toContain("--set name=value");
    expect(at(schema, "$defs", "loop", "required")).toEqual(["repeat", "steps"]);
    expect(at(schema, "$defs", "loop", "properties", "repeat")).toEqual({
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", pattern: "\\$\\{[^}]*\\}" },
      ],
      description: "The number of cycles: an integer from 0, or one whole expression.",
    });
  });

  it("wants steps, whole ones, unless the file extends another", () => {
    expect(schema["if"]).toEqual({ required: ["extends"] });
    expect(schema["then"]).toEqual({ properties: { steps: { type: "object" } } });
    expect(at(schema, "else", "required")).toEqual(["steps"]);
    expect(at(schema, "else", "properties", "steps", "additionalProperties")).toEqual({ $ref: "#/$defs/member" });
  });

  it("takes lists or an expression for the axes of a matrix, on steps and loops", () => {
    const matrix = at(schema, "$defs", "step", "properties", "matrix");
    expect(at(matrix, "additionalProperties", "anyOf")).toEqual([
      { type: "array", minItems: 1, items: { type: ["number", "string", "boolean"] } },
      { type: "string", pattern: "\\$\\{[^}]*\\}" },
    ]);
    expect(at(matrix, "description")).toContain("one cell for each combination");
    expect(at(schema, "$defs", "loop", "properties", "matrix")).toEqual(matrix);
  });

  it("takes the terms of a step, with an expression for every value", () => {
    const step = at(schema, "$defs", "step", "properties");
    const expression = { type: "string", pattern: "\\$\\{[^}]*\\}" };
    expect(at(step, "pin")).toEqual({
      anyOf: [{ type: "boolean" }, expression],
      description: "True: garbage collection keeps what it made for as long as the file says so.",
    });
    const [text, whole, parts] = at(step, "timeout", "anyOf") as ReadonlyArray<JsonObject>;
    expect(whole).toEqual(expression);
    const pattern = new RegExp(String(text!["pattern"]));
    expect(["90s", "1.5 h", "500ms", "soon", "90", "2 weeks"].filter((written) => pattern.test(written))).toEqual([
      "90s",
      "1.5 h",
      "500ms",
    ]);
    expect(Object.keys(at(parts, "properties") as JsonObject)).toEqual(["total", "progress"]);
    expect(at(parts, "additionalProperties")).toBe(false);
    const claims = at(step, "resources", "anyOf", 0, "properties") as JsonObject;
    expect(at(claims, "cpu", "anyOf")).toEqual([
      { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      expression,
    ]);
    expect(new RegExp(String(at(claims, "memory", "anyOf", 0, "pattern"))).test("4GB")).toBe(true);
    expect(at(step, "retry", "anyOf", 2, "required")).toEqual(["times"]);
  });

  it("tells a loop from a step by its keys, as the loader does", () => {
    expect(at(schema, "$defs", "member", "then")).toEqual({ $ref: "#/$defs/loop" });
    expect(at(schema, "$defs", "member", "else")).toEqual({ $ref: "#/$defs/step" });
  });

  it("offers every stage with its description", () => {
    const offered = at(schema, "$defs", "step", "properties", "uses", "oneOf") as ReadonlyArray<JsonObject>;
    expect(offered.slice(0, -1).map((one) => one["const"])).toEqual(fakeStages.map(({ name }) => name));
    expect(offered[0]!["description"]).toBe("A stage of these tests.");
  });

  it("lets a step use a file, of which it knows nothing more", () => {
    const offered = at(schema, "$defs", "step", "properties", "uses", "oneOf") as ReadonlyArray<JsonObject>;
    const pattern = new RegExp(String(offered.at(-1)!["pattern"]));
    expect(
      ["./mine.ts", "../lib/mine.mjs", "/home/me/mine.ts", "mine.ts"].filter((uses) => !pattern.test(uses)),
    ).toEqual([]);
    expect(fakeStages.filter(({ name }) => pattern.test(name))).toEqual([]);
  });

  it("holds the settings of a step to its stage's, expressions allowed", () => {
    const settings = at(ruleOf("train-simcse"), "then", "properties", "with");
    expect(at(settings, "additionalProperties")).toBe(false);
    expect(at(settings, "properties", "batchSize")).toEqual({
      anyOf: [
        { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
        { type: "string", pattern: "\\$\\{[^}]*\\}" },
      ],
      description: "sentences in a step",
      default: 64,
    });
    expect(at(ruleOf("load-model"), "then", "required")).toEqual(["with"]);
  });

  it("holds the inputs of a step to its stage's ports", () => {
    const inputs = at(ruleOf("pseudo-label"), "then", "properties", "in");
    expect(at(inputs, "required")).toEqual(["pairs", "encoder"]);
    expect(at(inputs, "properties", "encoder")).toEqual({
      $ref: "#/$defs/link",
      description: "BiEncoder or CrossEncoder: the teacher",
    });
    expect(at(ruleOf("average-scores"), "then", "properties", "in", "required")).toEqual(["scores"]);
    expect(at(ruleOf("pseudo-label"), "then", "required")).toEqual(["in"]);
  });

  it("describes a stage's settings by themselves, without the texts JSON needs for infinities", () => {
    expect(at(configJsonSchema(fakeStages[stage("train-simcse")]!), "properties", "learningRate")).toEqual({
      type: "number",
      exclusiveMinimum: 0,
      description: "peak rate of AdamW, above 0",
      default: 3e-5,
    });
    expect(JSON.stringify(schema)).not.toContain("Infinity");
  });
});
