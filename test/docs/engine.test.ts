/** docs/engine.md and its picture tell of the code as it is. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { traceProgram } from "../../src/engine/onnx/traceProgram.ts";
import { withGradients } from "../../src/engine/withGradients.ts";
import { linear } from "../../src/nn/ops/index.ts";
import type { TensorSpec } from "../../src/nn/TensorSpec.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string): string => readFileSync(`${root}${name}`, "utf8");
const of = (name: string, ...shape: ReadonlyArray<number>): TensorSpec => ({ name, shape, dtype: "float32" });

/** As the picture shows it. */
const step = withGradients({
  key: "squared error",
  inputs: [of("x", 8, 4), of("weight", 2, 4), of("bias", 2), of("target", 8, 2)],
  wrt: ["weight", "bias"],
  build: ({ x, weight, bias, target }) => {
    const y = linear(x!, weight!, bias!); // [8, 2]
    const errors = tf.squaredDifference(y, target!);
    return { loss: tf.mean(errors) };
  },
});

const entities: { readonly [entity: string]: string } = { "&gt;": ">", "&lt;": "<", "&amp;": "&" };
const texts = (svg: string, pattern: RegExp): ReadonlyArray<string> =>
  Array.from(svg.matchAll(pattern), ([, text]) =>
    text!.replaceAll(/<[^>]*>/g, "").replaceAll(/&\w+;/g, (entity) => entities[entity]!),
  );
const withoutBlanks = (text: string): string => text.replaceAll(/\s+/g, "");

describe("the picture of the engine", () => {
  const svg = read("docs/engine.svg");

  it("shows the program that is recorded here", () => {
    const code = texts(svg, /<text class="code"[^>]*>(.*?)<\/text>/g);
    expect(code.length).toBe(11);
    expect(withoutBlanks(read("test/docs/engine.test.ts"))).toContain(withoutBlanks(code.join("\n")));
  });

  it("shows every node that is recorded of it", () => {
    const { nodes, outputs, constants } = traceProgram(step);
    const shown = texts(svg, /<g class="node"><title>(.*?)<\/title>/g);
    const recorded = nodes.map((node) => `${node.outputs.join()} = ${node.operation}(${node.inputs.join(", ")})`);
    expect(shown.toSorted()).toEqual(recorded.filter((node) => !node.includes("Identity")).toSorted());
    expect(outputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`)).toEqual([
      "output:loss []",
      "output:gradient:weight [2, 4]",
      "output:gradient:bias [2]",
    ]);
    expect(constants.map(({ name, values }) => [name, Number(values[0])])).toEqual([
      ["t4", 2],
      ["t6", 1 / 16],
      ["t9", 0],
    ]);
  });
});

describe("docs/engine.md", () => {
  const page = read("docs/engine.md");
  const quoted = Array.from(page.replaceAll(/```.*?```/gs, "").matchAll(/`([^`]+)`/g), ([, text]) => text!);

  it("names files and folders that are there", () => {
    const paths = quoted.filter((text) => /^(src|test|bench)\/[\w./]+$/.test(text));
    expect(paths.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
    const files = new Set(globSync("src/**/*.ts", { cwd: root }).map((path) => path.split("/").at(-1)));
    const names = quoted.filter((text) => /^\w+\.ts$/.test(text));
    expect(names.filter((name) => !files.has(name))).toEqual([]);
    expect(paths.length + names.length).toBeGreaterThan(10);
  });

  it("uses names that the code has", () => {
    const sources = globSync("src/{engine,nn,training}/**/*.ts", { cwd: root }).map(read).join("\n");
    const names = quoted.filter((text) => /^[A-Za-z][\w.]*$/.test(text) && !text.endsWith(".ts"));
    expect(names.filter((name) => !new RegExp(`\\b${name.replaceAll(".", "\\.")}\\b`).test(sources))).toEqual([]);
    expect(names.length).toBeGreaterThan(20);
  });
});
