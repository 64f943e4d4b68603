import { describe, expect, it } from "vitest";
import { ntXent, type NtXentInputs } from "../../../src/nn/losses/ntXent.ts";
import { engines, evaluate } from "./lossRig.ts";
import { partners, points } from "./workedNumbers.ts";

const given = { first: points, second: partners };
const both = ["first", "second"];
const inForm = (form: "code" | "paper") => (inputs: NtXentInputs) => ntXent(inputs, { temperature: 0.04, form });

describe.each(engines)("ntXent on the %s engine", (_, engine) => {
  it("gives the worked values of both forms", async () => {
    expect((await evaluate(engine(), inForm("code"), given, both)).value).toBeCloseTo(3.71853701811054, 5);
    const paper = await evaluate(engine(), inForm("paper"), given, both);
    expect(Math.abs(paper.value / 11.8084343278652 - 1)).toBeLessThan(1e-6); // a sum of terms up to 25
  });

  it("is the mean of the worked rows, both views being anchors", async () => {
    const rows = [3.741100073952, 1.587492399334, 6.733752665646, 3.967275717781, 0.009209117155, 6.272392134796];
    const mean = rows.reduce((sum, row) => sum + row) / rows.length;
    expect((await evaluate(engine(), inForm("code"), given, both)).value).toBeCloseTo(mean, 5);
  });

  it("is the same for the views exchanged in the code's form", async () => {
    const swapped = { first: partners, second: points };
    expect((await evaluate(engine(), inForm("code"), swapped, both)).value).toBeCloseTo(3.71853701811054, 5);
  });

  it("gives ln (2N - 1) when all embeddings are equal", async () => {
    const equal = Array.from({ length: 8 }, () => [1, 2, 3]);
    const { value } = await evaluate(engine(), inForm("code"), { first: equal, second: equal }, both);
    expect(value).toBeCloseTo(Math.log(15), 5);
  });

  it("is 0 for one text, or says that there is nothing to compare with", async () => {
    const one = { first: [[1, 2]], second: [[2, 1]] };
    expect((await evaluate(engine(), inForm("code"), one, both)).value).toBeCloseTo(0, 10);
    await expect(evaluate(engine(), inForm("paper"), one, both)).rejects.toThrow(
      "ntXent of the paper's form needs at least 2 rows, not 1: a row is compared with the others only.",
    );
  });
});
