import { describe, expect, it } from "vitest";
import { maskedLanguageModel } from "../../../src/nn/losses/maskedLanguageModel.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";

const logits = [
  [1, 2, 0],
  [0, 0, 0],
  [5, -5, 1],
];

/** -log softmax at the target, and its gradient, in float64. */
function crossEntropy(row: ReadonlyArray<number>, target: number): { loss: number; gradient: Array<number> } {
  const exponentials = row.map(Math.exp);
  const sum = exponentials.reduce((a, b) => a + b);
  const probabilities = exponentials.map((value) => value / sum);
  return { loss: -Math.log(probabilities[target]!), gradient: probabilities.map((p, i) => p - (i === target ? 1 : 0)) };
}

describe.each(engines)("maskedLanguageModel on the %s engine", (_, engine) => {
  it("is the mean cross-entropy of the positions that count", async () => {
    const given = { logits, targets: [1, 2, 0], weights: [1, 1, 0] };
    const { value, gradients } = await evaluate(engine(), maskedLanguageModel, given, ["logits"], ["targets"]);
    const rows = [crossEntropy(logits[0]!, 1), crossEntropy(logits[1]!, 2)];
    expect(value).toBeCloseTo((rows[0]!.loss + rows[1]!.loss) / 2, 6);
    expectClose(
      gradients["logits"]!,
      [...rows[0]!.gradient, ...rows[1]!.gradient, 0, 0, 0].map((g) => g / 2),
      1e-6,
    );
  });

  it("gives ln V for logits that know nothing", async () => {
    const given = { logits: [[0, 0, 0, 0]], targets: [3], weights: [1] };
    const { value } = await evaluate(engine(), maskedLanguageModel, given, ["logits"], ["targets"]);
    expect(value).toBeCloseTo(Math.log(4), 6);
  });
});
