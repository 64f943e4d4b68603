/**
 * The suite of all engines, and every other test that runs on each, on the engines that are not there by default: `tensorflow`
 * where `pipeline doctor --install tensorflow` brought it, and a device of onnxruntime named by PIPELINE_TEST_DEVICE.
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { engines } from "../kit/engines.ts";

const losses = fileURLToPath(new URL("../nn/losses", import.meta.url));

if (engines.length === 0) {
  it.skip("no engine but the default ones: pipeline doctor --install tensorflow, or PIPELINE_TEST_DEVICE", () => {});
} else {
  it.runIf(engines.some(([name]) => name === "tensorflow"))("TensorFlow brings no second tfjs with it", () => {
    const { cache } = createRequire(import.meta.url);
    const copies = Object.keys(cache).filter((path) => /tfjs(-core)?\/dist\/[^/]*$/.test(path));
    expect(copies.map((path) => basename(path))).toEqual(["tf-core.node.js"]);
  });
  await import("./engines.test.ts");
  await import("../nn/modules/layouts.test.ts");
  await import("../nn/modules/projector.test.ts");
  for (const name of readdirSync(losses).filter((each) => each.endsWith(".test.ts")))
    await import(`../nn/losses/${name.slice(0, -".test.ts".length)}.test.ts`);
}
