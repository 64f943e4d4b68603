/** `node buildBundle.mjs ROOT FOLDER`: writes the command line, the worker and what stages import as JavaScript files, heavy packages left out. */
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
  /^rolldown($|\/)/,
];

const bundle = await rolldown({
  input: {
    ...Object.fromEntries(["main", "worker", "probe"].map((name) => [name, join(root, `src/cli/${name}.ts`)])),
    // What stages of the user's own import as `tandem`: in the same build, for there may be only one copy of Effect.
    tandem: join(root, "src/tandem.ts"),
  },
  platform: "node",
  external,
  logLevel: "silent",
});
await bundle.write({ dir: folder, format: "esm", sourcemap: true, chunkFileNames: "[name]-[hash].js" });
await bundle.close();
