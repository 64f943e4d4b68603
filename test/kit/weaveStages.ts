/** Small stages whose texts tell all that went into them, so that one wrong input anywhere shows in every digest after it. */
import { createHash } from "node:crypto";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { listInput, output } from "../../src/core/ArtifactType.ts";
import { Checkpoints } from "../../src/core/Checkpoints.ts";
import { defineStage, Progress, type AnyStage } from "../../src/core/Stage.ts";
import { inWorker, Text } from "./fakeStages.ts";
import { pause } from "./processes.ts";

/** About how long a step takes, in milliseconds; in no key. Not at all where it is not set. */
export const weavePace = "WEAVE_PACE_MS";

const hashOf = (...parts: ReadonlyArray<string>): string => createHash("sha256").update(parts.join("\n")).digest("hex");

/** 70 bytes to 60 kB. */
const textOf = (hash: string): string => `${hash} `.repeat(1 + Number.parseInt(hash.slice(0, 4), 16) ** 2 / 2 ** 22);

/** Another length for each step, the same wherever it runs. */
const takeTime = (hash: string, parts: number) =>
  pause(((Number.parseInt(hash.slice(4, 8), 16) / 2 ** 15) * Number(process.env[weavePace] ?? 0)) / parts);

const common = {
  version: 1,
  config: Schema.Struct({ words: Schema.String }),
  inputs: { parts: { ...listInput(Text, "texts"), optional: true } },
  outputs: { text: output(Text, "a text") },
};

export const spin = defineStage({
  ...common,
  name: "spin",
  description: "A text made of its words and what came in.",
  run: ({ config, inputs: { parts = [] } }) =>
    Effect.promise(async () => {
      const hash = hashOf(config.words, ...parts);
      await takeTime(hash, 1);
      return { text: textOf(hash) };
    }),
});

const updates = 8;

/** As a training does: it goes on from its checkpoint, to what it would have come to without. */
export const plod = defineStage({
  ...common,
  name: "plod",
  description: "A text made in many updates, each kept.",
  usesSeed: true,
  run: ({ config, inputs: { parts = [] }, seed }) =>
    Effect.gen(function* () {
      const [checkpoints, progress] = [yield* Checkpoints, yield* Progress];
      const found = yield* checkpoints.load;
      const total = { total: updates, unit: "updates" };
      if (found !== undefined) progress.report({ done: found.done, ...total, isResumed: true });
      let state = found === undefined ? hashOf(config.words, String(seed), ...parts) : String(found.facts["state"]);
      for (let done = (found?.done ?? 0) + 1; done <= updates; done++) {
        yield* Effect.promise(() => takeTime(state, 2));
        state = hashOf(state);
        progress.report({ done, ...total });
        const tensors = new Map([["w", new Float32Array(1000).fill(done)]]);
        yield* checkpoints.save({ done, facts: { state }, tensors });
      }
      return { text: textOf(state) };
    }),
});

export const heft: AnyStage = { ...inWorker(spin), name: "heft" };

export const weaveWorkerStages: ReadonlyArray<AnyStage> = [heft, { ...inWorker(plod), name: "plod" }];
