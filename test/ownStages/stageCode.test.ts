import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stageCodeOf, type KeptTexts } from "../../src/ownStages/stageCode.ts";

const stage = `
import { defineStage, input, output, Schema, Sentences } from "tandem";
import { least } from "./lib/least.ts";
import words from "./words.json" with { type: "json" };
import { stop } from "stopwords";
import { basename } from "node:path";

const isLong = (text: string) => text.split(" ").length > least && !words.includes(stop(basename(text)));

export default defineStage({
  name: "long-ones",
  config: Schema.Struct({}),
  inputs: { sentences: input(Sentences, "Sentences") },
  outputs: { long: output(Sentences, "The long ones") },
  run: ({ inputs }) => ({ long: { texts: inputs.sentences.texts.filter(isLong) } }),
});
`;
const helper = "export const least = 3;\nexport const unused = 4;\n";

describe("the code of a stage in its key", () => {
  let root: string;
  let writes = 0;
  let kept: KeptTexts & { readonly texts: Map<string, string> };
  const file = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const stopwords = (version: string, exports = "./index.js") =>
    file(
      "node_modules/stopwords/package.json",
      JSON.stringify({ name: "stopwords", version, type: "module", exports }),
    );
  const codeIn = async (name: string) => {
    const read = await Effect.runPromise(stageCodeOf(join(root, name), { version: "0.1.0", kept }));
    if ("problems" in read) throw new Error(JSON.stringify(read.problems));
    return read.code;
  };
  const digestIn = async (name = "a/stage.ts") => (await codeIn(name)).digest;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tandem-own-"));
    const texts = new Map<string, string>();
    kept = {
      texts,
      path: (name) => join(root, "kept", name),
      read: (name) => Effect.sync(() => texts.get(name)),
      write: (name, text) =>
        Effect.sync(() => {
          writes++;
          texts.set(name, text);
        }),
    };
    file("a/stage.ts", stage);
    file("a/lib/least.ts", helper);
    file("a/words.json", '["a", "the"]');
    stopwords("1.0.0");
    file("node_modules/stopwords/index.js", "export const stop = (text) => text;");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("is this for this stage, until the bundler prints otherwise", async () => {
    const code = await codeIn("a/stage.ts");
    expect(code.packages).toEqual(["stopwords@1.0.0", "tandem@0.1.0"]);
    expect(code.digest).toBe("8e43cf0c7d33346b651a01a4625897a44736a25c0c8cb2cfe381a6a8e12e45da");
  });

  it.each([
    ["a comment", "a/stage.ts", `// What it does.\n${stage}/* and why */\n`],
    ["a blank", "a/stage.ts", stage.replaceAll("  ", "\t").replaceAll("\n", "\n\n")],
    ["a type", "a/stage.ts", stage.replace("(text: string) =>", "(text: string): boolean =>")],
    ["the name of a variable", "a/stage.ts", stage.replaceAll(/\btext\b/g, "sentence")],
    ["an import of types", "a/stage.ts", `import type { Missing } from "not-installed";${stage}`],
    ["what is not used of a helper", "a/lib/least.ts", helper.replace("4", "5")],
    ["how JSON is laid out", "a/words.json", '[\n  "a",\n  "the"\n]\n'],
  ])("does not change with %s", async (_, name, text) => {
    const before = await digestIn();
    file(name, text);
    expect(await digestIn()).toBe(before);
  });

  it.each([
    ["its code", "a/stage.ts", stage.replace("> least", ">= least")],
    ["a text in it", "a/stage.ts", stage.replace('split(" ")', 'split("\\t")')],
    ["a helper", "a/lib/least.ts", helper.replace("3", "5")],
    ["JSON that it imports", "a/words.json", '["a", "an"]'],
  ])("changes with %s", async (_, name, text) => {
    const before = await digestIn();
    file(name, text);
    expect(await digestIn()).not.toBe(before);
  });

  it("tells the version of each package, and nothing of its place", async () => {
    const before = await codeIn("a/stage.ts");
    stopwords("1.0.1");
    const after = await codeIn("a/stage.ts");
    expect([after.digest, after.packages]).toEqual([before.digest, ["stopwords@1.0.1", "tandem@0.1.0"]]);
  });

  it("is the same wherever the files lie, whatever they are called", async () => {
    file("elsewhere/deep/other.ts", stage.replace("./lib/least.ts", "./smallest.ts"));
    file("elsewhere/deep/smallest.ts", helper);
    file("elsewhere/deep/words.json", '["a", "the"]');
    expect(await digestIn("elsewhere/deep/other.ts")).toBe(await digestIn());
  });

  it("takes in sources of a workspace, which no version tells apart", async () => {
    file(
      "packages/least/package.json",
      JSON.stringify({ name: "least", version: "1.0.0", type: "module", exports: "./least.ts" }),
    );
    file("packages/least/least.ts", helper);
    file(
      "packages/mine/package.json",
      JSON.stringify({ name: "mine", type: "module", imports: { "#words": "./words.json" } }),
    );
    file("packages/mine/words.json", '["a", "the"]');
    file("packages/mine/stage.ts", stage.replace("./lib/least.ts", "least").replace("./words.json", "#words"));
    symlinkSync(join(root, "packages/least"), join(root, "node_modules/least"));
    const before = await codeIn("packages/mine/stage.ts");
    expect([before.digest, before.packages]).toEqual([await digestIn(), ["stopwords@1.0.0", "tandem@0.1.0"]]);
    file("packages/least/least.ts", helper.replace("3", "5"));
    expect(await digestIn("packages/mine/stage.ts")).not.toBe(before.digest);
  });

  it("is bundled once, and again when anything it was made of is another, or lost", async () => {
    const { module } = await codeIn("a/stage.ts");
    const name = basename(module.path);
    const writesOf = async (disturb: () => void) => {
      const before = writes;
      disturb();
      await codeIn("a/stage.ts");
      return writes - before;
    };
    expect(await writesOf(() => undefined)).toBe(0);
    expect(await writesOf(() => kept.texts.set(name, "damaged"))).toBe(3);
    expect(await writesOf(() => kept.texts.delete(name))).toBe(3);
    expect(await writesOf(() => file("a/lib/least.ts", `${helper}\n`))).toBe(3);
    expect(await writesOf(() => stopwords("2.0.0"))).toBe(3);
    expect(await writesOf(() => undefined)).toBe(0);
  });

  it("sees a file that comes to be where it was looked for in vain", async () => {
    file("a/stage.ts", stage.replace("least.ts", "least.js"));
    const before = await digestIn();
    file("a/lib/least.js", "export const least = 7;");
    expect(await digestIn()).not.toBe(before);
  });

  it("names two versions of a package that are both imported", async () => {
    file("a/lib/least.ts", `import { stop } from "stopwords"; export const least = stop("x").length + 2;`);
    const before = await codeIn("a/stage.ts");
    file(
      "a/lib/node_modules/stopwords/package.json",
      JSON.stringify({ name: "stopwords", version: "9.0.0", exports: "./i.js" }),
    );
    file("a/lib/node_modules/stopwords/i.js", "export const stop = () => 'abc';");
    const after = await codeIn("a/stage.ts");
    expect(before.packages).toEqual(["stopwords@1.0.0", "tandem@0.1.0"]);
    expect(after.packages).toEqual(["stopwords@1.0.0", "stopwords@9.0.0", "tandem@0.1.0"]);
    expect(after.digest).not.toBe(before.digest);
  });
});
