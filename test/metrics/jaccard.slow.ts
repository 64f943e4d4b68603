/**
 * Whole test files through `read-pairs` and `spearman`: the score of a pair is the share of lower-cased words that both sides
 * have. The numbers were computed apart from this project, on the same files.
 */
import { describe, expect, it } from "vitest";
import { spearman } from "../../src/metrics/index.ts";
import readPairs from "../../stages/read-pairs.ts";
import { sharedData } from "../golden/sharedData.ts";
import { runStage, sourceFile } from "../stages/runStage.ts";

const folder = sharedData("sts");

const expected = {
  sts12: 38.229527,
  sts13: 47.600396,
  sts14: 48.333716,
  sts15: 66.382338,
  "stsb-dev": 60.1698,
  "stsb-test": 50.40899,
  "sickr-dev": 57.380217,
};

const words = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().split(/\s+/));

function jaccard(one: string, other: string): number {
  const [a, b] = [words(one), words(other)];
  const shared = [...a].filter((word) => b.has(word)).length;
  return shared / (a.size + b.size - shared);
}

describe("overlap of words", () => {
  it.skipIf(folder === undefined).each(Object.entries(expected))("scores %s at %d", async (name, score) => {
    const file = sourceFile(`${folder}/${name}.tsv`);
    const { pairs, gold } = await runStage(readPairs, { config: { path: file.name }, files: { path: [file] } });
    const overlaps = pairs.a.map((a, row) => jaccard(a, pairs.b[row]!));
    expect(100 * spearman(gold.scores, overlaps)).toBeCloseTo(score, 5);
  });
});
