/** What steps claim: errors before anything runs, and what their worker gets. */
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "../../src/core/Diagnostic.ts";
import type { Machine } from "../../src/core/resources.ts";
import { renderDiagnostics } from "../../src/spec/renderDiagnostics.ts";
import { machineHere } from "../../src/executor/local/machine.ts";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { compute, inWorker, linger, say } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { folderRig, runEvents } from "../kit/runEvents.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const small: Machine = { cores: 2, memoryBytes: 8e9, gpus: 0 };

describe("a step that asks for more than the machine has", () => {
  it.live("is an error before anything runs, all of them at once, a step of a loop once", () =>
    Effect.gen(function* () {
      const graph = graphOf([
        { id: "fine", uses: say, with: { words: "x" }, resources: { cpu: 2, memoryBytes: 8e9, gpu: 0 } },
        { id: "wide", uses: say, with: { words: "a" }, resources: { cpu: 64 } },
        { id: "large", uses: say, with: { words: "b" }, resources: { memoryBytes: 64e9, gpu: 1 } },
        { id: "loop[1].a", uses: say, with: { words: "c" }, resources: { gpu: 2 } },
        { id: "loop[2].a", uses: say, with: { words: "d" }, resources: { gpu: 2 } },
      ]);
      // The steps of a loop stand in one place of the file.
      const steps = graph.steps.map((step) =>
        step.id.startsWith("loop") ? Object.assign({}, step, { location: { ...step.location, line: 9 } }) : step,
      );
      const error = yield* Effect.flip(
        Effect.provide(runEvents({ ...graph, steps }), folderRig(yield* temporaryFolder, 5000, small)),
      );
      assert.instanceOf(error, InvalidPipeline);
      assert.strictEqual(
        renderDiagnostics(error.diagnostics, () => undefined),
        `/pipelines/test.yaml:2:1: error: step \`wide\` asks for 64 cores, and this machine has 2
  hint: lower \`resources.cpu\` of the step, or run it on a machine that has as much

/pipelines/test.yaml:3:1: error: step \`large\` asks for 64 GB of memory, and this machine has 8.0 GB
  hint: lower \`resources.memory\` of the step, or run it on a machine that has as much

/pipelines/test.yaml:3:1: error: step \`large\` asks for 1 GPU, and this machine has none
  hint: lower \`resources.gpu\` of the step, or run it on a machine that has as much

/pipelines/test.yaml:9:1: error: step \`loop[1].a\` asks for 2 GPUs, and this machine has none
  hint: lower \`resources.gpu\` of the step, or run it on a machine that has as much

4 errors
`,
      );
    }),
  );

  it.live("is none where its record is there already: nothing is asked of the machine then", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([{ id: "a", uses: say, with: { words: "x" }, resources: { gpu: 1 } }]);
      yield* Effect.provide(runEvents(graph), folderRig(root, 5000, { ...small, gpus: 1 }));
      const { words } = yield* Effect.provide(runEvents(graph), folderRig(root, 5000, small));
      assert.deepStrictEqual(words, ["hit a", "succeeded"]);
    }),
  );
});

const nap = (id: string, cpu: number, memoryBytes: number, ms: number) => ({
  id,
  uses: inWorker(linger),
  with: { words: id, ms },
  resources: { cpu, memoryBytes },
});

const on = (id: string, cpu?: number) => ({
  id,
  uses: inWorker(compute),
  with: { words: id },
  ...(cpu === undefined ? {} : { resources: { cpu } }),
});

describe("what steps claim", () => {
  it.live("decides which run at once", () =>
    Effect.gen(function* () {
      const graph = graphOf([nap("a", 1, 5e9, 300), nap("b", 1, 5e9, 10), nap("c", 1, 1e9, 10)]);
      const { words } = yield* Effect.provide(
        runEvents(graph, { jobs: undefined }),
        folderRig(yield* temporaryFolder, 5000, small),
      );
      // `a` and `b` need more memory than there is together.
      assert.deepStrictEqual(words.slice(0, 2), ["start a", "start c"]);
      assert.isAbove(words.indexOf("start b"), words.indexOf("finish a"));
      assert.strictEqual(words.at(-1), "succeeded");
    }),
  );

  it.live("is the number of threads that the engine gets in its worker, and the record tells it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const told = Effect.gen(function* () {
        yield* runEvents(graphOf([on("a", 2), on("b", 1), on("c"), on("d", 1)]));
        const records = yield* (yield* ArtifactStore).records;
        return records.map(({ provenance: { step, environment } }) => [step, environment["threads"]] as const).sort();
      });
      const threads = yield* Effect.provide(told, folderRig(root, 5000, small));
      // 0 stands for the worker's share.
      assert.deepStrictEqual(threads, [
        ["a", 2],
        ["b", 1],
        ["c", 0],
        ["d", 1],
      ]);
    }),
  );
});

describe("the machine here", () => {
  it("has at least a core and some memory", () => {
    const { cores, memoryBytes, gpus } = machineHere();
    assert.isAtLeast(cores, 1);
    assert.isAbove(memoryBytes, 1e8);
    assert.isTrue(Number.isFinite(memoryBytes) && Number.isInteger(gpus));
  });
});
