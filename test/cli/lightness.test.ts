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

  it("is not even Effect for --version and mistakes in the arguments", async () => {
    const urls = await loaded("--version");
    expect(urls.filter((url) => url.includes("/effect/"))).toEqual([]);
    expect(urls.length).toBeLessThan(25);
  });
});
