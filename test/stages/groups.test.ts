/** `read-groups` and `group-pairs`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Pairs } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import groupPairs from "../../stages/group-pairs.ts";
import readGroups from "../../stages/read-groups.ts";
import { runStage, sourceFile, stageFailure } from "./runStage.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-groups-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const given = (content: string) => {
  writeFileSync(join(folder, "groups.txt"), content);
  return { config: { path: "*.txt" }, files: { path: [sourceFile(join(folder, "groups.txt"))] } };
};

describe("read-groups", () => {
  it("gives the sentences of each line as a group, equal ones once", async () => {
    const { groups } = await runStage(readGroups, given("a\t b\ta\n\nc\td\te\n"));
    expect(groups).toEqual({ texts: ["a", "b", "c", "d", "e"], groups: Int32Array.of(0, 0, 1, 1, 1) });
  });

  it("names the line of a group of one sentence", async () => {
    const failure = await stageFailure(readGroups, given("a\tb\nc\tc\n"));
    expect([failure.line, failure.message]).toEqual([2, "a group of one sentence"]);
    expect((await stageFailure(readGroups, given("\n"))).message).toBe("there is no group in it");
  });
});

describe("group-pairs", () => {
  const pairs = { a: ["a", "b", "d", "f", "h"], b: ["b", "c", "e", "g", "h"] };
  const inputs = async (scores: ReadonlyArray<number>, digest?: string) => ({
    config: { threshold: 0.5 },
    inputs: {
      pairs: ["Pairs", pairs] as const,
      scores: [
        "Scores",
        {
          pairs: digest ?? contentDigest(await Pairs.encode(pairs)),
          range: "cosine",
          values: Float32Array.from(scores),
        },
      ] as const,
    },
  });

  it("joins chains of pairs from the threshold on, and leaves out a sentence paired with itself", async () => {
    const { groups } = await runStage(groupPairs, await inputs([0.9, 0.5, 0.49, 0.7, 1]));
    expect(groups).toEqual({ texts: ["a", "b", "c", "f", "g"], groups: Int32Array.of(0, 0, 0, 1, 1) });
  });

  it("refuses scores of other pairs, and a threshold that none reaches", async () => {
    const other = await stageFailure(groupPairs, await inputs([1, 1, 1, 1, 1], "8".repeat(64)));
    expect(other.message).toContain("The scores belong to pairs 888888888888");
    const none = await stageFailure(groupPairs, await inputs([0.1, 0.2, 0, -0.3, 1]));
    expect(none.message).toBe("No two different sentences have a score of at least 0.5: the highest of 5 is 1.000.");
  });
});
