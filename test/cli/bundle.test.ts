import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
// @ts-expect-error -- part of the launcher, which is plain JavaScript
import { commandLineModule, stampOf } from "../../bin/bundle.mjs";

describe("the bundle of the sources", () => {
  let root: string;
  const home = () => join(root, "node_modules", ".cache", "tandem");
  const source = (name: string, text: string) => writeFileSync(join(root, name), text);
  const sources = () => pathToFileURL(join(root, "src", "cli", "main.ts")).href;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tandem-bundle-"));
    for (const folder of ["src/cli", "stages", "node_modules"]) mkdirSync(join(root, folder), { recursive: true });
    source("package.json", `{ "type": "module" }`);
    source("src/cli/main.ts", `import { seven } from "../seven.ts";\nexport const answer: number = 6 * seven;\n`);
    for (const entry of ["worker", "probe"]) source(`src/cli/${entry}.ts`, `export const ${entry}: boolean = true;\n`);
    source("src/tandem.ts", `export const tandem: boolean = true;\n`);
    source("src/seven.ts", `export const seven = 7;\n`);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("is built once for one state of the sources, whole, and runs", async () => {
    const { url } = commandLineModule(root);
    expect(url).toBe(pathToFileURL(join(home(), `bundle-${stampOf(root)}`, "main.js")).href);
    expect(await import(url)).toMatchObject({ answer: 42 });
    expect(commandLineModule(root).url).toBe(url);
    expect(readdirSync(home())).toHaveLength(1);
  });

  it("is another one after any change, also one that keeps size and modification time", () => {
    const before = stampOf(root) as string;
    const time = new Date(1e12);
    utimesSync(join(root, "src/seven.ts"), time, time);
    const touched = stampOf(root) as string;
    source("src/seven.ts", `export const seven = 8;\n`);
    utimesSync(join(root, "src/seven.ts"), time, time);
    expect(new Set([before, touched, stampOf(root)]).size).toBe(3);
  });

  it("gives way to the sources where it cannot be built, is not wanted, or has nowhere to go", () => {
    process.env["PIPELINE_UNBUNDLED"] = "1";
    expect(commandLineModule(root).url).toBe(sources());
    delete process.env["PIPELINE_UNBUNDLED"];
    source("src/seven.ts", `export const = ;\n`);
    expect(commandLineModule(root).url).toBe(sources());
    expect(readdirSync(home())).toEqual([]);
    rmSync(join(root, "node_modules"), { recursive: true });
    source("node_modules", "a file where a folder should be");
    expect(commandLineModule(root).url).toBe(sources());
  });

  it("goes when it was unused for a day", () => {
    const old = join(home(), "bundle-old");
    mkdirSync(old, { recursive: true });
    utimesSync(old, new Date(0), new Date(0));
    const recent = join(home(), "bundle-recent");
    mkdirSync(recent);
    commandLineModule(root);
    expect(readdirSync(home()).sort()).toEqual([`bundle-${stampOf(root)}`, "bundle-recent"].sort());
  });
});
