/** Small pure stages over texts, for tests of the engine: quick, and with every kind of part in their keys. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { readFileSync } from "node:fs";
import { input, listInput, output, type ArtifactType } from "../../src/core/ArtifactType.ts";
import { StageFailure } from "../../src/core/errors.ts";
import { path } from "../../src/core/path.ts";
import { defineStage, Progress, type AnyStage } from "../../src/core/Stage.ts";

export const Text: ArtifactType<string> = {
  name: "Text",
  encode: async (value) => new TextEncoder().encode(value),
  decode: async (bytes) => new TextDecoder().decode(bytes),
};

const textOut = { text: output(Text, "a text") };

/** A text out of the config. */
export const say = defineStage({
  name: "say",
  version: 1,
  description: "A text as written.",
  config: Schema.Struct({ words: Schema.String }),
  inputs: {},
  outputs: textOut,
  run: ({ config }) => Effect.succeed({ text: config.words }),
});

/** Several texts in order, with what is between them. */
export const join = defineStage({
  name: "join",
  version: 1,
  description: "Texts in a row.",
  config: Schema.Struct({ between: Schema.String }),
  inputs: { parts: listInput(Text, "texts") },
  outputs: textOut,
  run: ({ config, inputs }) => Effect.succeed({ text: inputs.parts.join(config.between) }),
});

/** Upper case: many inputs give the same output, which is what early cutoff lives on. */
export const shout = defineStage({
  name: "shout",
  version: 1,
  description: "A text in capitals, and its length.",
  config: Schema.Struct({}),
  inputs: { text: input(Text, "a text") },
  outputs: { ...textOut, length: output(Text, "how many characters") },
  run: ({ inputs }) => Effect.succeed({ text: inputs.text.toUpperCase(), length: String(inputs.text.length) }),
});

/** Adds its seed. */
export const roll = defineStage({
  name: "roll",
  version: 1,
  description: "A text with the seed behind it.",
  config: Schema.Struct({}),
  inputs: { text: input(Text, "a text") },
  outputs: textOut,
  usesSeed: true,
  run: ({ inputs, seed }) => Effect.succeed({ text: `${inputs.text}#${seed}` }),
});

/** Reads files. */
export const read = defineStage({
  name: "read",
  version: 1,
  description: "The content of files in a row.",
  config: Schema.Struct({ path: path("what to read") }),
  inputs: {},
  outputs: textOut,
  run: ({ files }) =>
    Effect.sync(() => ({ text: (files["path"] ?? []).map((file) => readFileSync(file.path, "utf8")).join("") })),
});

/** Fails as told: `fails` by a StageFailure, `breaks` by a defect. */
export const stumble = defineStage({
  name: "stumble",
  version: 1,
  description: "Fails or breaks.",
  config: Schema.Struct({ how: Schema.Literals(["fails", "breaks", "passes"]) }),
  inputs: { text: input(Text, "a text") },
  outputs: textOut,
  run: ({ config, inputs }) => {
    if (config.how === "passes") return Effect.succeed({ text: inputs.text });
    if (config.how === "breaks") return Effect.die(new Error("an unexpected turn"));
    return Effect.fail(
      new StageFailure({
        cause: "stage-error",
        message: "data.tsv has no column b.",
        path: "data.tsv",
        line: 3,
        hint: "Add it.",
      }),
    );
  },
});

/** Has something to say. */
export const grumble = defineStage({
  name: "grumble",
  version: 1,
  description: "Warns, and logs what nobody asked for.",
  config: Schema.Struct({ words: Schema.String }),
  inputs: {},
  outputs: textOut,
  run: ({ config }) =>
    Effect.gen(function* () {
      yield* Effect.logInfo("all is well");
      yield* Effect.logWarning(`${config.words} is`, "doubtful");
      return { text: config.words };
    }),
});

/** Takes its time, reporting, and stops when asked to. */
export const linger = defineStage({
  name: "linger",
  version: 1,
  description: "Waits in small pieces.",
  config: Schema.Struct({ words: Schema.String, ms: Schema.Number }),
  inputs: {},
  outputs: textOut,
  run: ({ config }) =>
    Effect.gen(function* () {
      const progress = yield* Progress;
      const total = Math.max(1, Math.round(config.ms / 10));
      for (let done = 0; done < total; done++) {
        if (progress.isInterrupted()) {
          return yield* new StageFailure({ cause: "interrupted", message: `stopped after ${done} of ${total}` });
        }
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10)));
        progress.report({ done: done + 1, total, unit: "naps", metrics: { loss: 1 / (done + 1) } });
      }
      return { text: config.words };
    }),
});

/** Stands for the engine in the tests' workers: the device it is on, and its threads (0: the worker's share). */
export class FakeEngine extends Context.Service<FakeEngine, { readonly device: string; readonly threads: number }>()(
  "test/FakeEngine",
) {}

/** Computes, as far as the executor can tell. */
export const compute = defineStage({
  name: "compute",
  version: 1,
  description: "Tells where it ran.",
  config: Schema.Struct({ words: Schema.String }),
  inputs: {},
  outputs: textOut,
  usesEngine: true,
  run: ({ config }) =>
    Effect.gen(function* () {
      const { device } = yield* FakeEngine;
      return { text: `${config.words} on ${device} in ${process.pid}` };
    }),
});

/** The same stage in a process of its own. */
export const inWorker = (stage: AnyStage): AnyStage => ({ ...stage, name: `${stage.name}-worker`, runsIn: "worker" });

/** Ends its process in the middle of the work. */
export const perish = inWorker(
  defineStage({
    name: "perish",
    version: 1,
    description: "Kills its own process.",
    config: Schema.Struct({ how: Schema.Literals(["SIGKILL", "exit"]) }),
    inputs: {},
    outputs: textOut,
    run: ({ config }) =>
      Effect.promise(async (): Promise<{ text: string }> => {
        process.stderr.write("the last thing I saw\n");
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (config.how === "exit") process.exit(7);
        process.kill(process.pid, "SIGKILL");
        return new Promise(() => undefined);
      }),
  }),
);

/** What the worker of these tests knows. */
export const workerStages: ReadonlyArray<AnyStage> = [
  ...[say, join, shout, roll, read, stumble, grumble, linger, compute].map(inWorker),
  perish,
];
