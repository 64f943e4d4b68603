import { describe, expect, it } from "vitest";
import { Gold, Sentences, Tokens, TrainingCurve } from "../../src/artifact/index.ts";
import { readRows, rowObjects, rowsAsCells, rowsAsCsv } from "../../src/artifact/rows.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { samples } from "./samples.ts";

describe("rows of an artifact", () => {
  it("are objects with a value per column", async () => {
    const rows = await readRows(await Gold.encode(samples.Gold));
    expect([rows.type, rows.rowCount, rows.columns]).toEqual(["Gold", 2, ["set", "score"]]);
    expect(rows.facts).toEqual({ pairs: samples.Gold.pairs });
    expect(rowObjects(rows, 1)).toEqual([{ set: "sts12", score: 0.1 }]);
    expect(rowObjects(rows)).toHaveLength(2);
  });

  it("write what JSON cannot as null", async () => {
    const rows = await readRows(await TrainingCurve.encode(samples.TrainingCurve));
    expect(rowObjects(rows)[1]).toEqual({ step: 10, learningRate: Math.fround(1e-5), loss: null });
  });

  it("quote CSV fields that need it", async () => {
    const texts = ['say "hi"', "a, b", "plain"];
    const rows = await readRows(await Sentences.encode({ texts }));
    expect(rowsAsCsv(rows)).toBe('text\r\n"say ""hi"""\r\n"a, b"\r\nplain\r\n');
  });

  it("are cut short for the eye", async () => {
    const ids = raggedFrom([[1, 2], Array.from({ length: 30 }, (_, i) => i)]);
    const rows = await readRows(await Tokens.encode({ ...samples.Tokens, ids }));
    expect(rowsAsCells(rows)).toEqual([["[1 2]"], ["[0 1 2 3 4 5 … 30 in all]"]]);
    const long = await readRows(await Sentences.encode({ texts: ["🙂".repeat(100)] }));
    expect(rowsAsCells(long)).toEqual([[`${"🙂".repeat(59)}…`]]);
  });
});
