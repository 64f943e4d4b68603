import { describe, expect, it } from "vitest";
import { infoNce, type InfoNceInputs } from "../../../src/nn/losses/infoNce.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";
import { infoNceGradients, infoNceValues, partners, points } from "./workedNumbers.ts";

const at = (temperature: number) => (inputs: InfoNceInputs) => infoNce(inputs, { temperature });
const weighed = (hardNegativeWeight: number) => (inputs: InfoNceInputs) =>
  infoNce(inputs, { temperature: 0.05, hardNegativeWeight });
const given = { anchors: points, positives: partners };
const both = ["anchors", "positives"];

describe.each(engines)("infoNce on the %s engine", (_, engine) => {
  it("gives the worked values at temperatures 0.05 and 1", async () => {
    for (const [temperature, value] of infoNceValues)
      expect((await evaluate(engine(), at(temperature), given, both)).value).toBeCloseTo(value, 5);
  });

  it("gives the worked gradients", async () => {
    const { gradients } = await evaluate(engine(), at(0.05), given, both);
    // float32 at logits of 20: 1e-5 is a few units in the last place of the logits
    expectClose(gradients["anchors"]!, infoNceGradients.anchors, 2e-5);
    expectClose(gradients["positives"]!, infoNceGradients.positives, 2e-5);
  });

  it("takes hard negatives as more columns, with a weight on a row's own", async () => {
    const negatives = [
      [-1, 1],
      [0, 1],
      [1, -1],
    ];
    const three = { ...given, negatives };
    expect((await evaluate(engine(), at(0.05), three, both)).value).toBeCloseTo(2.82767213664494, 5);
    // A weight of -∞ but for rounding: the own one counts for nothing, those of others still do.
    const none = await evaluate(engine(), weighed(-1e6), three, both);
    const all = await evaluate(engine(), weighed(Math.log(2)), three, [...both, "negatives"]);
    expect(none.value).toBeLessThan(2.82767213664494);
    expect(all.value).toBeGreaterThan(2.82767213664494);
  });

  it("gives ln N when all embeddings are equal", async () => {
    const equal = Array.from({ length: 64 }, () => [1, 2, 3]);
    const { value } = await evaluate(engine(), at(0.05), { anchors: equal, positives: equal }, both);
    expect(value).toBeCloseTo(Math.log(64), 5);
  });

  it("stays finite with temperature 0.001 and with an all-zero embedding", async () => {
    const { value, gradients } = await evaluate(
      engine(),
      at(0.001),
      {
        anchors: [
          [0, 0],
          [1, 0],
        ],
        positives: [
          [1, 0],
          [-1, 0],
        ],
      },
      both,
    );
    expect(Number.isFinite(value)).toBe(true);
    expect(gradients["anchors"]!.every(Number.isFinite)).toBe(true);
  });
});
