import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heavyPackages } from "../../scripts/importRules.ts";
import { tinyData, tinyPipeline, Workplace } from "./pipelineCommand.ts";

/** Prints the URL of every module the process loads, ES or CommonJS. */
const hook = `
import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write("LOADED " + url + "\\n"); return next(url, context); } });`;

const ownStage = `import { defineStage, input, output, Schema, Sentences } from "tandem";
export default defineStage({
  name: "first-ones",
  config: Schema.Struct({ rows: Schema.Int }),
  inputs: { from: input(Sentences, "Sentences") },
  outputs: { first: output(Sentences, "The first of them") },
  runsIn: "driver",
  run: ({ config, inputs }) => ({ first: { texts: inputs.from.texts.slice(0, config.rows) } }),
});
`;

const isBundler = (url: string) => url.includes("/node_modules/rolldown/");

const launcher = fileURLToPath(new URL("../../bin/pipeline.mjs", import.meta.url));

describe.each([
  ["the sources", "1"],
  ["the bundle", ""],
])("what a run with nothing to do loads, from %s", (_, unbundled) => {
  let place: Workplace;
  beforeAll(async () => {
    place = new Workplace();
    place.file("a.yaml", tinyPipeline);
    place.file("data.txt", tinyData);
    writeFileSync(join(place.folder, "hook.mjs"), hook);
    await place.run(["run", "a.yaml"]);
  });
  afterAll(() => place.remove());

  async function loaded(...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> {
    const { stderr } = await promisify(execFile)(process.execPath, ["--import", "./hook.mjs", launcher, ...args], {
      cwd: place.folder,
      env: { ...process.env, PIPELINE_UNBUNDLED: unbundled, PIPELINE_CACHE: "" },
      maxBuffer: 1e8,
    });
    return [...stderr.matchAll(/^LOADED (.*)$/gm)].map((match) => match[1]!);
  }

  it("is no heavy package", async () => {
    const packages = heavyPackages.filter((name) => name !== "effect");
    const urls = await loaded("run", "a.yaml");
    expect(urls.length).toBeGreaterThan(3);
    expect(urls.filter((url) => packages.some((name) => url.includes(`/node_modules/${name}/`)))).toEqual([]);
  });

  it("is no bundler either, where a stage of one's own is as it was", async () => {
    place.file("own.yaml", tinyPipeline.replace("uses: sample,", "uses: ./own.ts,"));
    place.file("own.ts", ownStage);
    expect((await loaded("run", "own.yaml")).some(isBundler)).toBe(true);
    expect((await loaded("run", "own.yaml")).filter(isBundler)).toEqual([]);
  });

  it("is not even Effect for --version and mistakes in the arguments", async () => {
    const urls = await loaded("--version");
    expect(urls.filter((url) => url.includes("/effect/"))).toEqual([]);
    expect(urls.length).toBeLessThan(25);
  });
});
