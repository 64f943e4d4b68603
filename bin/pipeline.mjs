#!/usr/bin/env node
/** The `pipeline` command: runs src/cli/main.ts on a Node that can, in this process where this Node is the one. */
import { realpathSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";
import { environmentWith, isRecentEnough, packageRoot, provideNodeOrLeave, runInOurPlace } from "./node22.mjs";

if (isRecentEnough(process.versions.node)) {
  // Node's note that type stripping is experimental is nothing to a user of the command.
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "ExperimentalWarning") process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
  const { commandLineModule } = await import("./bundle.mjs");
  const { url, compileCache } = commandLineModule(packageRoot);
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? compileCache);
  await import(url);
} else {
  const node = provideNodeOrLeave();
  const launcher = realpathSync(fileURLToPath(import.meta.url));
  runInOurPlace(node, [launcher, ...process.argv.slice(2)], environmentWith(node));
}
