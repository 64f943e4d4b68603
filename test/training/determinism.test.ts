import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, describe, it } from "vitest";
import { trainedDigests } from "../kit/trainedDigests.ts";

const script = fileURLToPath(new URL("../kit/trainingProcess.ts", import.meta.url));

async function inProcess(threads: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(threads)]);
  return JSON.parse(stdout);
}

describe("one seed gives the same bytes of weights and curve, by every method", () => {
  it("on one, two and four threads of one process, and others for another seed", async () => {
    const digests = await trainedDigests(1);
    for (const threads of [2, 4]) assert.deepStrictEqual(await trainedDigests(threads), digests, `${threads} threads`);
    const others = Object.values(await trainedDigests(2, 2));
    assert.notIncludeMembers(others, Object.values(digests));
  });

  it("in other processes", async () => {
    const digests = await trainedDigests(1);
    assert.deepStrictEqual([await inProcess(1), await inProcess(2)], [digests, digests]);
  });
});
