import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder } from "../../src/cli/places.ts";
import { originalTrace } from "../../src/cli/originalTrace.ts";
import { onInterrupt } from "../../src/cli/signals.ts";

describe("Ctrl-C", () => {
  it("once asks to end, again ends at once; echoes of one press count as one", () => {
    const heard: Array<string> = [];
    let now = 0;
    const stop = onInterrupt(
      () => heard.push("first"),
      () => heard.push("second"),
      () => now,
    );
    const press = (at: number, signal: "SIGINT" | "SIGTERM" = "SIGINT") => {
      now = at;
      process.emit(signal, signal);
    };
    try {
      press(0);
      press(20); // npx passes on what the terminal has sent already
      press(60);
      expect(heard).toEqual(["first"]);
      press(1000, "SIGTERM");
      press(1010);
      press(5000);
      expect(heard).toEqual(["first", "second"]);
    } finally {
      stop();
    }
    expect(process.listenerCount("SIGINT")).toBe(0);
  });
});

describe("the cache folder", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tandem-places-"));
    mkdirSync(join(root, "package", "pipelines"), { recursive: true });
    writeFileSync(join(root, "package", "package.json"), "{}");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("is asked for, named by PIPELINE_CACHE, beside the nearest package.json, or beside the file", () => {
    const pipelines = join(root, "package", "pipelines");
    expect(cacheFolder("/a", pipelines, { PIPELINE_CACHE: "/b" })).toBe("/a");
    expect(cacheFolder(undefined, pipelines, { PIPELINE_CACHE: "/b" })).toBe("/b");
    expect(cacheFolder(undefined, pipelines, {})).toBe(join(root, "package", "cache"));
    expect(cacheFolder(undefined, root, {})).toBe(join(root, "cache"));
  });
});

describe("a trace of a defect", () => {
  it("names lines of the sources, where the bundle has a map", () => {
    // One mapping: line 1, column 1 of the bundle is line 3, column 5 of ../src/a.ts.
    const map = JSON.stringify({ version: 3, sources: ["../src/a.ts"], names: [], mappings: "AAEI" });
    const trace = "TypeError: x\n    at f (file:///p/bundle/main.js:1:1)\n    at g (node:internal:3:4)";
    expect(originalTrace(trace, (file) => (file === "/p/bundle/main.js" ? map : undefined))).toBe(
      "TypeError: x\n    at f (/p/src/a.ts:3:5)\n    at g (node:internal:3:4)",
    );
    expect(originalTrace(trace, () => undefined)).toBe(trace);
  });
});
