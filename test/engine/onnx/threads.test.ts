import * as tf from "@tensorflow/tfjs-core";
import { assert, describe, it } from "vitest";
import type { Program, Tensors } from "../../../src/engine/Engine.ts";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
import { layerNorm, linear, logSoftmax, maskedSoftmax, scaledMatMul } from "../../../src/nn/ops/index.ts";
import { sizeOf } from "../../../src/nn/TensorSpec.ts";
import { numbers, type Results } from "../../kit/engineRig.ts";

type Operands = { readonly [name: string]: ReadonlyArray<number> };
interface Operation {
  readonly inputs: Operands;
  readonly build: (tensors: ReadonlyArray<tf.Tensor>) => tf.Tensor;
}

const operations: { [name: string]: Operation } = {};

/** Products that would be cut along few columns, and those beside them. */
for (const [rows, columns] of [
  [32, 48],
  [48, 96],
  [32, 128],
  [130, 384],
  [384, 130],
  [1, 256],
  [40, 16],
] as const)
  for (const depth of [96, 129, 384]) {
    const name = `${rows} × ${depth} × ${columns}`;
    const [x, weight, tall] = [[rows, depth], [columns, depth], [depth, columns]]; // prettier-ignore
    operations[`linear ${name}`] = {
      inputs: { x: x!, weight: weight!, bias: [columns] },
      build: ([x, weight, bias]) => linear(x!, weight!, bias!),
    };
    operations[`linear with scales ${name}`] = {
      inputs: { x: x!, weight: weight!, bias: [columns] },
      build: ([x, weight, bias]) => linear(x!, weight!, bias!, { scale: 0.7, biasScale: 0.3 }),
    };
    operations[`product ${name}`] = { inputs: { x: x!, tall: tall! }, build: ([x, tall]) => scaledMatMul(x!, tall!) };
    operations[`gradient of a weight ${name}`] = {
      inputs: { dy: [depth, rows], x: [depth, columns] },
      build: ([dy, x]) => scaledMatMul(dy!, x!, { transposeA: true, scale: 0.7 }),
    };
    operations[`three products ${name}`] = {
      inputs: { x: [3, ...x!], tall: [3, ...tall!] },
      build: ([x, tall]) => scaledMatMul(x!, tall!),
    };
  }

// One column, in numbers of rows that threads cannot share alike; and what the network has beside products.
for (const rows of [509, 700, 2050])
  for (const dim of [96, 384]) {
    const name = `${rows} × ${dim}`;
    operations[`column ${name}`] = { inputs: { x: [rows, dim], y: [dim, 1] }, build: ([x, y]) => tf.matMul(x!, y!) };
    operations[`sum of rows ${name}`] = { inputs: { x: [rows, dim] }, build: ([x]) => tf.sum(x!, 0) };
    operations[`layerNorm ${name}`] = {
      inputs: { x: [rows, dim], gamma: [dim], beta: [dim] },
      build: ([x, gamma, beta]) => layerNorm(x!, gamma!, beta!, 1e-12),
    };
    operations[`activations ${name}`] = {
      inputs: { x: [rows, dim + 1] },
      build: ([x]) => tf.add(tf.add(tf.erf(x!), tf.tanh(x!)), tf.exp(x!)),
    };
    operations[`softmax ${name}`] = { inputs: { x: [rows, dim + 1] }, build: ([x]) => maskedSoftmax(x!) };
    operations[`logSoftmax ${name}`] = { inputs: { x: [rows, dim + 1] }, build: ([x]) => logSoftmax(x!) };
  }

const all = Object.entries(operations).map(([name, { inputs, build }], i) => ({ name, inputs, build, i }));
const inputName = (i: number, operand: string) => `${i}.${operand}`;

/** All operations in one program, so that a session is made once for each number of threads. @param constant weights are part of it */
function programOf(constant: (operand: string) => boolean): { readonly program: Program; readonly feeds: Results } {
  const operands = all.flatMap(({ inputs, i }) =>
    Object.entries(inputs).map(([operand, shape], salt) => ({
      name: inputName(i, operand),
      shape,
      isConstant: constant(operand),
      values: numbers(sizeOf(shape), 100 * i + salt),
    })),
  );
  const fed = operands.filter(({ isConstant }) => !isConstant);
  const kept = operands.filter(({ isConstant }) => isConstant);
  const build = (tensors: Tensors): Tensors =>
    Object.fromEntries(
      all.map(({ name, inputs, build, i }) => [
        name,
        build(Object.keys(inputs).map((operand) => tensors[inputName(i, operand)]!)),
      ]),
    );
  return {
    program: {
      key: `operations ${kept.length}`,
      inputs: fed.map(({ name, shape }) => ({ name, shape, dtype: "float32" })),
      constants: Object.fromEntries(kept.map(({ name, shape, values }) => [name, { shape, values }])),
      build,
    },
    feeds: Object.fromEntries(fed.map(({ name, values }) => [name, values])),
  };
}

async function resultsOn(threads: number, { program, feeds }: ReturnType<typeof programOf>): Promise<Results> {
  const engine = new OnnxEngine({ threads });
  const results = await (await engine.compile(program)).run(feeds);
  const own = Object.fromEntries(Object.entries(results).map(([name, values]) => [name, values.slice()]));
  await engine.close();
  return own;
}

describe("what the onnx engine computes on 2, 3 and 8 threads", () => {
  for (const [what, constant] of [
    ["weights that are fed, as in training", () => false],
    ["weights that are constants, as in inference", (operand: string) => operand === "weight" || operand === "tall"],
  ] as const)
    it(`has the bits of one thread: ${what}`, async () => {
      const made = programOf(constant);
      const expected = await resultsOn(1, made);
      for (const threads of [2, 3, 8]) {
        const found = await resultsOn(threads, made);
        for (const { name } of all)
          assert.isTrue(
            Buffer.from(found[name]!.buffer).equals(Buffer.from(expected[name]!.buffer)),
            `${name} on ${threads}`,
          );
      }
    });
});
