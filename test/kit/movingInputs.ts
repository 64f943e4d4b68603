/** A stage that reads files and waits on the way, so that a test can move them at the very start, in the middle and at the end of it. */
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { optionalInput, output } from "../../src/core/ArtifactType.ts";
import { path } from "../../src/core/path.ts";
import { defineStage } from "../../src/core/Stage.ts";
import { Text } from "./fakeStages.ts";
import { pause } from "./processes.ts";

/** Where `heed` can be made to wait: while another step runs first; before it reads; in the first file; when all is read. */
export const places = ["before", "start", "middle", "end"] as const;
export type Place = (typeof places)[number];

/** Says that it is there, and waits until it may go on. */
async function passes(gates: string, place: Place): Promise<void> {
  writeFileSync(join(gates, `at-${place}`), "");
  while (!existsSync(join(gates, `go-${place}`))) await pause(2);
}

export const isAt = (gates: string, place: Place): boolean => existsSync(join(gates, `at-${place}`));
export const open = (gates: string, place: Place): void => writeFileSync(join(gates, `go-${place}`), "");

const config = Schema.Struct({ gates: Schema.String });
const outputs = { text: output(Text, "a text") };

/** What comes before `heed`, which knows its key meanwhile. */
export const dawdle = defineStage({
  name: "dawdle",
  version: 1,
  description: "Waits at a gate.",
  config,
  inputs: {},
  outputs,
  run: ({ config: { gates } }) =>
    Effect.as(
      Effect.promise(() => passes(gates, "before")),
      { text: "" },
    ),
});

export const heed = defineStage({
  name: "heed",
  version: 1,
  description: "The content of files in a row, read in pieces.",
  config: Schema.Struct({ path: path("what to read"), ...config.fields }),
  inputs: { after: optionalInput(Text, "what has to be there first") },
  outputs,
  run: ({ config: { gates }, files }) =>
    Effect.promise(async () => {
      await passes(gates, "start");
      const [first, ...others] = files["path"]!.map((file) => file.path);
      const file = openSync(first!, "r");
      const half = Buffer.alloc(2);
      readSync(file, half);
      await passes(gates, "middle");
      const parts = [half, readFileSync(file), ...others.map((other) => readFileSync(other))];
      closeSync(file);
      await passes(gates, "end");
      return { text: Buffer.concat(parts).toString() };
    }),
});
