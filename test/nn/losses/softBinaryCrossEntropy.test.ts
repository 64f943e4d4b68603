import { describe, expect, it } from "vitest";
import { labelEntropy, softBinaryCrossEntropy } from "../../../src/nn/losses/softBinaryCrossEntropy.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";
import { negativeLabelLosses, softBinaryCrossEntropyNumbers as worked } from "./workedNumbers.ts";

describe.each(engines)("softBinaryCrossEntropy on the %s engine", (_, engine) => {
  it("gives the worked value and gradient", async () => {
    const { logits, labels } = worked;
    const { value, gradients } = await evaluate(engine(), softBinaryCrossEntropy, { logits, labels }, ["logits"]);
    expect(value).toBeCloseTo(worked.value, 6);
    expectClose(gradients["logits"]!, worked.gradient, 1e-7);
  });

  it("ends at the labels' entropy, where the logits say the labels", async () => {
    const { value } = await evaluate(
      engine(),
      softBinaryCrossEntropy,
      { logits: worked.bestLogits, labels: worked.labels },
      ["logits"],
    );
    expect(value).toBeCloseTo(worked.entropy, 6);
    expect(labelEntropy(worked.labels)).toBeCloseTo(worked.entropy, 12);
    expect(labelEntropy([0, 1, -0.1])).toBe(0);
  });

  it("has no lower bound for a negative label", async () => {
    for (const [logit, loss] of negativeLabelLosses) {
      const { value } = await evaluate(engine(), softBinaryCrossEntropy, { logits: [logit], labels: [-0.1] }, [
        "logits",
      ]);
      expect(value).toBeCloseTo(loss, 6);
    }
  });
});
