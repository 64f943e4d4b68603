/** `node buildBundle.mjs ROOT FOLDER`: writes the command line and the worker as a few JavaScript files, heavy packages left out. */
import { join } from "node:path";
import { rolldown } from "rolldown";

const [root, folder] = process.argv.slice(2);

/** Loaded from node_modules when they are used: they bring binaries, or are large and needed by few commands. */
const external = [
  /^node:/,
  /^@tensorflow\//,
  "apache-arrow",
  "onnxruntime-node",
  "onnxruntime-common",
  "@huggingface/tokenizers",
  "pino",
];

const bundle = await rolldown({
  input: Object.fromEntries(["main", "worker", "probe"].map((name) => [name, join(root, `src/cli/${name}.ts`)])),
  platform: "node",
  external,
  logLevel: "silent",
});
await bundle.write({ dir: folder, format: "esm", sourcemap: true, chunkFileNames: "[name]-[hash].js" });
await bundle.close();
