import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { read } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { memoryRig, runEvents } from "../kit/runEvents.ts";
import { temporaryFolder } from "../kit/temporary.ts";

describe("a setting that is a list of paths", () => {
  it.live("hands the stage all of its files in order, and a change of any of them makes the step stale", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const names = ["b.txt", "a.txt"];
      const paths = names.map((written) => ({
        field: "paths",
        pattern: join(folder, written),
        written,
        kind: "file" as const,
      }));
      let given: ReadonlyArray<string> = [];
      const readAll: typeof read = {
        ...read,
        config: Schema.Struct({ paths: Schema.Array(Schema.String) }) as never,
        run: ({ files }) =>
          Effect.sync(() => {
            given = files["paths"]!.map((file) => file.name);
            return { text: given.join() };
          }),
      };
      const graph = graphOf([{ id: "r", uses: readAll, with: { paths: names }, paths }]);
      yield* Effect.gen(function* () {
        for (const name of names) writeFileSync(join(folder, name), name);
        assert.deepStrictEqual((yield* runEvents(graph)).words, ["start r", "finish r", "succeeded"]);
        assert.deepStrictEqual(given, names);
        assert.deepStrictEqual((yield* runEvents(graph)).words, ["hit r", "succeeded"]);
        for (const name of names) {
          writeFileSync(join(folder, name), `${name}, edited`);
          assert.deepStrictEqual((yield* runEvents(graph)).words, ["start r", "finish r", "succeeded"]);
        }
      }).pipe(Effect.provide(memoryRig()));
    }),
  );
});
