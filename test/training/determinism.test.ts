import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, describe, it } from "vitest";
import { trainedDigests, trainedNames } from "../kit/trainedDigests.ts";

const script = fileURLToPath(new URL("../kit/trainingProcess.ts", import.meta.url));

async function inProcess(threads: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(threads)]);
  return JSON.parse(stdout);
}

describe("one seed gives the same bytes of weights and curve, by every method", () => {
  it.each(trainedNames)(
    "%s: on one, two and four threads of one process, and others for another seed",
    async (name) => {
      const digestOn = async (threads: number, seed = 1) => (await trainedDigests(threads, seed, [name]))[name];
      const digest = await digestOn(1);
      for (const threads of [2, 4]) assert.strictEqual(await digestOn(threads), digest, `${threads} threads`);
      assert.notStrictEqual(await digestOn(2, 2), digest);
    },
  );

  it("in other processes", { timeout: 180_000 }, async () => {
    const digests = await trainedDigests(1);
    assert.deepStrictEqual([await inProcess(1), await inProcess(2)], [digests, digests]);
  });
});
