import * as tf from "@tensorflow/tfjs-core";
import { afterAll, assert, describe, expect, it } from "vitest";
import { CpuEngine } from "../../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
import { gradientPenalty, type PenaltyForm } from "../../../src/nn/losses/gradientPenalty.ts";
import type { ModelConfig } from "../../../src/nn/EncoderModel.ts";
import { logSoftmax } from "../../../src/nn/ops/index.ts";
import { paddedLayoutPolicy } from "../../../src/nn/PackedLayout.ts";
import { relativeError, type Results } from "../../kit/engineRig.ts";
import { runTiny, tinyConfig, tinyProgram, type Kind } from "../../kit/tinyEncoder.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";

/** Words 1, 2, 1 of a table of three; their mean, through a matrix, are the logits of class 0. */
const worked = {
  rows: [
    [0.5, -0.3],
    [-0.4, 0.7],
    [0.5, -0.3],
  ],
  matrix: [
    [1, 2],
    [-1, 0.5],
  ],
  words: [1, 2, 1],
};

const crossEntropy = ({ rows, matrix }: { readonly rows: tf.Tensor2D; readonly matrix: tf.Tensor2D }) => {
  const logits = tf.matMul(tf.mean(rows, 0, true), matrix, false, true); // [1, 2]
  return tf.neg(tf.reshape(tf.slice(logSoftmax(logits), [0, 0], [1, 1]), []));
};

interface Worked {
  readonly rows: tf.Tensor2D;
  readonly matrix: tf.Tensor2D;
  readonly words: tf.Tensor1D;
}

const penalized =
  (epsilon: number, form: PenaltyForm) =>
  ({ rows, matrix, words }: Worked): tf.Scalar =>
    gradientPenalty(
      { build: () => ({ loss: crossEntropy({ rows, matrix }) }), tables: [{ rows, words }] },
      { epsilon, form },
    ).loss as tf.Scalar;

/** Squared length, total with ε = 1, and the total's gradients: methods §7.3, and PyTorch's double backward in float64. */
const expected = {
  dense: {
    squared: 0.526395160207113,
    total: 0.756446526101011,
    row: [-0.473865535623, -0.355399151717],
    matrix: [0.026286790579, 0.102641561669, -0.026286790579, -0.102641561669],
  },
  "per-occurrence": {
    squared: 0.315837096124268,
    total: 0.651167494059589,
    row: [-0.388148858987, -0.29111164424],
    matrix: [-0.015376786936, 0.05639346012, 0.015376786936, -0.05639346012],
  },
} as const;

describe.each(engines)("the gradient penalty on the %s engine", (_, engine) => {
  for (const form of ["dense", "per-occurrence"] as const)
    it(`gives the worked values and gradients, ${form}`, async () => {
      const valueAt = async (epsilon: number) =>
        await evaluate(engine(), penalized(epsilon, form), worked, ["rows", "matrix"], ["words"]);
      const { value, gradients } = await valueAt(1);
      const plain = (await valueAt(0)).value;
      expect(plain).toBeCloseTo(0.493248945997455, 6);
      expect((await valueAt(2)).value - plain).toBeCloseTo(expected[form].squared, 6);
      expect(value).toBeCloseTo(expected[form].total, 6);
      expectClose(gradients["rows"]!, [...expected[form].row, ...expected[form].row, ...expected[form].row], 1e-6);
      expectClose(gradients["matrix"]!, expected[form].matrix, 1e-6);
    });
});

const lengths = [3, 9, 5, 5, 12, 2, 7, 8, 11, 4, 1];

/** What three groups and gathered rows come from. */
const packed = { lengthMultiple: 4, maxGroups: 3, minGroupRows: 3, minTokenStep: 4 };

const whole = (kind: Kind, form: PenaltyForm, policy = paddedLayoutPolicy, differences: Partial<ModelConfig> = {}) =>
  tinyProgram(kind, lengths, policy, { ...tinyConfig, ...differences }, { epsilon: 0.5, form });

const kinds = ["cls", "mean", "cross-encoder", "mlm"] as const satisfies ReadonlyArray<Kind>;

/** All that an encoder can be made of but relu, whose slope jumps: there differences say nothing of second derivatives. */
const smooth: ReadonlyArray<readonly [Kind, Partial<ModelConfig>]> = [
  ["cls", {}],
  ["mean", { architecture: "roberta", typeVocabSize: 1, paddingIndex: 1, activation: "silu" }],
  ["cross-encoder", { architecture: "electra", embeddingSize: 12, activation: "gelu_new" }],
  ["mlm", {}],
];

/**
 * The penalty is of the size of the loss, and second derivatives are sums of more terms than first ones. As there, a key's bias has a
 * true gradient of 0, so what is there is held against an absolute size.
 */
function assertSame(found: Results, expected: Results): void {
  for (const name of Object.keys(expected))
    assert.isBelow(relativeError(found[name]!, expected[name]!, name.includes("key.bias") ? 1 : 1e-3), 1e-5, name);
}

const cpu = new CpuEngine();
const onnx = new OnnxEngine({ threads: 1 });
afterAll(() => onnx.close());

describe("the gradient penalty of a whole encoder, with dropout", () => {
  for (const kind of kinds)
    for (const form of kind === "mean" ? (["dense", "per-occurrence"] as const) : (["dense"] as const))
      it(`is the same packed on onnx and padded on cpu: ${kind}, ${form}`, async () => {
        const expected = await runTiny(cpu, whole(kind, form));
        const found = await runTiny(onnx, whole(kind, form, packed));
        assertSame(found, expected);
        assert.strictEqual(found["filler"]![0], 0, "rows that fill the layout get exactly no gradient");
        assert.isAbove(expected["penalty"]![0]!, 0.05);
      });

  for (const [kind, differences] of smooth)
    it(`has the slope that differences give, along every parameter: ${kind}, ${differences.architecture ?? "bert"}`, async () => {
      const { program, feeds } = whole(kind, "dense", packed, differences);
      const executable = await onnx.compile(program);
      const found = await executable.run(feeds);
      for (const { name, shape } of program.inputs.filter((input) => `gradient:${input.name}` in found)) {
        if (name.includes("key.bias")) continue; // the slope is 0
        const values = feeds[name] as Float32Array;
        const gradient = found[`gradient:${name}`]!;
        const length = Math.hypot(...gradient);
        const step = 0.02 / Math.max(1, length) ** 0.5;
        const lossAt = async (shift: number) =>
          (await executable.run({ ...feeds, [name]: values.map((x, i) => x + (shift * gradient[i]!) / length) }))[
            "loss"
          ]![0]!;
        const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
        assert.isBelow(Math.abs(slope - length) / length, 1e-2, `${name} [${shape.join()}]`);
      }
    });
});
