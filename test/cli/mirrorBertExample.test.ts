/** pipelines/examples/06-mirror-bert.yaml, run as its first lines say. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const file = "06-mirror-bert.yaml";
let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  copyFileSync(fileURLToPath(new URL(`../../pipelines/examples/${file}`, import.meta.url)), join(place.folder, file));
});
afterAll(() => place.remove());

const json = async (...args: ReadonlyArray<string>): Promise<unknown> => {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code }, stderr).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
};

it("trains under dropout and with heads dropped, and what it gives encodes", { timeout: 120_000 }, async () => {
  const ran = await place.run(["run", file]);
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  const metrics = (await json("metrics", file, "--json")) as ReadonlyArray<{
    step: string;
    name: string;
    value: number;
  }>;
  const averages = new Map(metrics.filter(({ name }) => name === "average").map(({ step, value }) => [step, value]));
  expect([...averages.keys()].sort()).toEqual(["after[dropHead=0.2]", "after[dropHead=0]", "before"]);
  // The encoder in the box is no sentence encoder before; ten updates, and both are nearer to one.
  for (const cell of ["after[dropHead=0]", "after[dropHead=0.2]"])
    expect(averages.get(cell)).toBeGreaterThan(averages.get("before")!);
  const again = await place.run(["run", file]);
  expect(again.stdout).toContain("nothing to do: all ");
  const encoded = (await json("encode", file, "a sentence")) as ReadonlyArray<{ embedding: ReadonlyArray<number> }>;
  expect(encoded[0]!.embedding).toHaveLength(32);
});
