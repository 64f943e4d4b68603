import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  mkdirSync(join(place.folder, "texts"));
  place.file("texts/a.txt", "one fish sleeps\ntwo fish swim\n");
  place.file("texts/b.txt", "red fish swim\nblue fish sleep\n");
});
afterAll(() => place.remove());

const read = (name: string) => readFileSync(join(place.folder, name), "utf8");
const statesOf = async (file: string) => {
  const { stdout } = await place.run(["plan", file, "--json"]);
  return (JSON.parse(stdout) as { steps: ReadonlyArray<{ step: string; state: string }> }).steps;
};

describe("pipeline init", () => {
  it("writes a pipeline and its schema, which can be run as they are", async () => {
    expect(await place.run(["init", "first"])).toEqual({
      code: 0,
      stdout: "wrote first/pipeline.yaml and first/pipeline.schema.json\nrun it: pipeline run first/pipeline.yaml\n",
      stderr: "",
    });
    expect(read("first/pipeline.yaml")).toMatch(/^# yaml-language-server: \$schema=pipeline\.schema\.json\n/);
    expect(JSON.parse(read("first/pipeline.schema.json"))).toMatchObject({ title: "Pipeline" });
    expect((await statesOf("first/pipeline.yaml")).map(({ state }) => state)).not.toContain("fresh");
  });

  it("learns from the text that it is given, wherever the pipeline goes", async () => {
    await place.run(["init", "own/deep", "--text", "texts"]);
    expect(read("own/deep/pipeline.yaml")).toContain('with: { path: "../../texts/*.txt" }');
    const { code, stdout } = await place.run(["run", "own/deep/pipeline.yaml"]);
    expect(stdout).toMatch(/^output encoder: trained\.encoder$/m);
    expect(code).toBe(0);
  });

  it("writes over nothing", async () => {
    mkdirSync(join(place.folder, "taken"));
    place.file("taken/pipeline.yaml", "mine");
    expect(await place.run(["init", "taken"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "taken/pipeline.yaml: error: this file is there already, and is left as it is\n  hint: name another folder: pipeline init DIR\n",
    });
    expect(read("taken/pipeline.yaml")).toBe("mine");
    expect(existsSync(join(place.folder, "taken/pipeline.schema.json"))).toBe(false);
    mkdirSync(join(place.folder, "half"));
    place.file("half/pipeline.schema.json", "{}");
    expect((await place.run(["init", "half"])).stdout).toContain("kept half/pipeline.schema.json");
    expect(read("half/pipeline.schema.json")).toBe("{}");
  });

  it("says where there is no text", async () => {
    mkdirSync(join(place.folder, "empty"));
    const mistakes = await Promise.all([
      place.run(["init", "x", "--text", "nope.txt"]),
      place.run(["init", "x", "--text", "empty"]),
    ]);
    expect(mistakes.map(({ code, stderr }) => [code, stderr])).toEqual([
      [2, "nope.txt: error: there is no such text\n  hint: name a file with one sentence a line: --text PATH\n"],
      [2, "empty: error: this folder has no .txt files\n  hint: name a file with one sentence a line\n"],
    ]);
    expect(existsSync(join(place.folder, "x"))).toBe(false);
  });
});
