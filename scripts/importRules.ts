/** Which folder may import which: the arrows of ARCHITECTURE.md as data. What is not listed is not allowed. */
export interface Rule {
  /** Folders, or single modules, of ours. */
  readonly ours: ReadonlyArray<string>;
  /** Folders of which only types may be imported. */
  readonly types?: ReadonlyArray<string>;
  /** Packages; `node:` modules are free. */
  readonly packages: ReadonlyArray<string>;
}

const tfjs = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"];

export const rules: { readonly [folder: string]: Rule } = {
  "src/core": { ours: [], packages: ["effect"] },
  "src/nn": { ours: [], packages: tfjs },
  "src/text": { ours: [], packages: [] },
  "src/metrics": { ours: [], packages: ["ml-matrix"] },
  "src/figure": { ours: [], packages: [] },
  "src/spec": { ours: ["src/core"], packages: ["effect", "yaml"] },
  "src/store": { ours: ["src/core"], packages: ["effect"] },
  "src/executor": { ours: ["src/core"], packages: ["effect"] },
  "src/log": { ours: ["src/core"], packages: ["effect", "pino"] },
  "src/report": { ours: ["src/core"], packages: ["effect"] },
  // What a stage of the user's own is defined with is typed by the services it may ask for.
  "src/ownStages": { ours: ["src/core"], types: ["src/engine"], packages: ["effect", "rolldown"] },
  // The package's public face: what stages are written with.
  "src/tandem.ts": {
    ours: ["src/core", "src/artifact", "src/engine/Engine.ts", "src/nn/random.ts", "src/ownStages"],
    packages: ["effect"],
  },
  "src/artifact": { ours: ["src/core"], types: ["src/nn"], packages: ["effect", "apache-arrow"] },
  "src/engine": {
    ours: ["src/core", "src/nn"],
    packages: ["effect", ...tfjs, "onnxruntime-node", "onnxruntime-common"],
  },
  // Core for the services and errors that a stage's `run` has: training reports progress and fails by cause. Inference and metrics
  // for the development set that a training looks at.
  "src/training": {
    ours: ["src/core", "src/nn", "src/engine", "src/inference", "src/metrics"],
    packages: ["effect", ...tfjs],
  },
  // Core for the errors that a stage's `run` has: inference fails by cause. Evaluators take gold.
  "src/inference": {
    ours: ["src/core", "src/nn", "src/engine"],
    types: ["src/artifact"],
    packages: ["effect", ...tfjs],
  },
  "src/model": {
    ours: ["src/core", "src/nn"],
    types: ["src/artifact"],
    packages: ["effect", "@huggingface/tokenizers"],
  },
  stages: {
    ours: [
      "src/core",
      "src/artifact",
      "src/training",
      "src/inference",
      "src/model",
      "src/text",
      "src/metrics",
      "src/figure",
      "src/nn",
      "src/engine/Engine.ts",
    ],
    packages: ["effect"],
  },
};

/** What may only be loaded when it is used: none of these on the way from the command line to a run with nothing to do. */
export const heavyPackages = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-backend-cpu",
  "apache-arrow",
  "onnxruntime-node",
  "onnxruntime-common",
  "@huggingface/tokenizers",
  "pino",
  "rolldown",
  // Modules of Effect are imported one by one: the barrel loads all of them.
  "effect",
];

/** Where commands begin: what these load at the top is paid by every start. */
export const lightEntries = ["src/cli/main.ts", "src/cli/layers.ts"];
export const lightFolders = ["src/cli/commands", "stages"];
