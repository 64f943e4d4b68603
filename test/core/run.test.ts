import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { inWorker, linger, join, roll, say, shout, stumble } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { folderRig, inWords, memoryRig, runEvents } from "../kit/runEvents.ts";
import { bytesOf } from "../kit/records.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { contentDigest } from "../../src/core/digest.ts";
import type { RunEvent } from "../../src/core/events.ts";
import { selectSteps } from "../../src/core/selectSteps.ts";
import type { AnyStage } from "../../src/core/Stage.ts";
import { emptyMemory } from "../../src/store/memory.ts";

const chain = (words: string, seed = 1) =>
  graphOf([
    { id: "a", uses: say, with: { words } },
    { id: "b", uses: shout, in: { text: "a" } },
    { id: "c", uses: roll, in: { text: "b" }, seed },
  ]);

const twins = (words: string) =>
  graphOf([
    { id: "a", uses: linger, with: { words, ms: 20 } },
    { id: "b", uses: linger, with: { words, ms: 20 } },
    { id: "c", uses: join, with: { between: "+" }, in: { parts: ["a", "b"] } },
  ]);

const naps = (name: string) =>
  graphOf(["a", "b", "c"].map((id) => ({ id, uses: linger, with: { words: id + name, ms: 50 } })));

const broken = (how: string) =>
  graphOf([
    { id: "a", uses: say, with: { words: "a" } },
    { id: "bad", uses: stumble, with: { how }, in: { text: "a" } },
    { id: "after", uses: shout, in: { text: "bad" } },
    { id: "last", uses: shout, in: { text: "after" } },
    { id: "other", uses: say, with: { words: "other" } },
    { id: "free", uses: roll, in: { text: "other" } },
  ]);

describe("runGraph", () => {
  it.effect("runs everything once, and nothing the second time", () =>
    Effect.gen(function* () {
      const first = yield* runEvents(chain("hello"));
      assert.deepStrictEqual(first.words, [
        "start a",
        "finish a",
        "start b",
        "finish b",
        "start c",
        "finish c",
        "succeeded",
      ]);
      const second = yield* runEvents(chain("hello"));
      assert.deepStrictEqual(second.words, ["hit a", "hit b", "hit c", "succeeded"]);
      assert.deepStrictEqual(second.events[0], {
        event: "run.started",
        run: second.summary.run,
        file: "/pipelines/test.yaml",
        plan: [
          { step: "a", state: "fresh" },
          { step: "b", state: "fresh" },
          { step: "c", state: "fresh" },
        ],
      });
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("a changed seed makes only what uses it, and what follows, stale", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("hello", 1));
      assert.deepStrictEqual((yield* runEvents(chain("hello", 2))).words, [
        "hit a",
        "hit b",
        "start c",
        "finish c",
        "succeeded",
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("an output that comes out as before cuts the run off early", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("hello"));
      const words = ["start a", "finish a", "start b", "finish b", "hit c", "succeeded"];
      assert.deepStrictEqual((yield* runEvents(chain("HELLO"))).words, words);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("two steps with equal keys compute once, with one job and with many", () =>
    Effect.gen(function* () {
      const expected = ["start a", "finish a", "hit b", "start c", "finish c", "succeeded"];
      assert.deepStrictEqual((yield* runEvents(twins("x"), { jobs: 1 })).words, expected);
      assert.deepStrictEqual((yield* runEvents(twins("y"), { jobs: 4 })).words, expected);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.live("independent steps run at the same time, as many as there are jobs", () =>
    Effect.gen(function* () {
      const two = yield* runEvents(naps("1"), { jobs: 2 });
      assert.deepStrictEqual(two.words.slice(0, 3), ["start a", "start b", "finish a"]);
      const three = yield* runEvents(naps("2"), { jobs: 3 });
      assert.deepStrictEqual(three.words.slice(0, 3), ["start a", "start b", "start c"]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.live("cheap steps run beside the one that claims all cores, and only one of those at a time", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([
        { id: "big1", uses: inWorker(linger), with: { words: "1", ms: 300 } },
        { id: "big2", uses: inWorker(linger), with: { words: "2", ms: 10 } },
        { id: "small", uses: say, with: { words: "3" } },
      ]);
      const { words } = yield* Effect.provide(runEvents(graph, { jobs: undefined }), folderRig(root));
      assert.deepStrictEqual(words, [
        "start big1",
        "start small",
        "finish small",
        "finish big1",
        "start big2",
        "finish big2",
        "succeeded",
      ]);
    }),
  );

  it.effect("a failure stops new work and names what it blocks", () =>
    Effect.gen(function* () {
      const { words, summary } = yield* runEvents(broken("fails"));
      assert.deepStrictEqual(words, [
        "start a",
        "finish a",
        "start bad",
        "fail bad",
        "skip after (bad)",
        "skip last (bad)",
        "skip other (bad)",
        "skip free (bad)",
        "failed",
      ]);
      assert.deepStrictEqual(summary.failures, [
        {
          step: "bad",
          error: {
            cause: "stage-error",
            message: "data.tsv has no column b.",
            hint: "Add it.",
            path: "data.tsv",
            line: 3,
          },
        },
      ]);
      const { ran, hits, failed, skipped } = summary;
      assert.deepStrictEqual({ ran, hits, failed, skipped }, { ran: 1, hits: 0, failed: 1, skipped: 4 });
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("with keepGoing, what is not blocked runs", () =>
    Effect.gen(function* () {
      const { words } = yield* runEvents(broken("fails"), { keepGoing: true });
      assert.deepStrictEqual(words.slice(3), [
        "fail bad",
        "skip after (bad)",
        "skip last (bad)",
        "start other",
        "finish other",
        "start free",
        "finish free",
        "failed",
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("a stage that breaks fails its step in one sentence, with the place in its code apart", () =>
    Effect.gen(function* () {
      const { summary } = yield* runEvents(broken("breaks"));
      const { trace, ...error } = summary.failures[0]!.error;
      assert.match(trace!, /^Error: an unexpected turn\n {4}at .*fakeStages\.ts/);
      assert.deepStrictEqual(error, {
        cause: "stage-error",
        message: "bad: stumble broke on a fault of its own: an unexpected turn.",
        hint: "This is a mistake in the stage, not in the pipeline file; the run's log has the place in its code.",
      });
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("until runs what the step needs and nothing else", () =>
    Effect.gen(function* () {
      const { words } = yield* runEvents(broken("fails"), { until: ["free"] });
      assert.deepStrictEqual(words, ["start other", "finish other", "start free", "finish free", "succeeded"]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("force runs a fresh step again, and what it gives anew leaves the rest fresh", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("hello"));
      const { words } = yield* runEvents(chain("hello"), { force: ["b"] });
      assert.deepStrictEqual(words, ["hit a", "start b", "finish b", "hit c", "succeeded"]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("a forced step that comes out otherwise is told, and what was recorded first stands", () =>
    Effect.gen(function* () {
      let count = 0;
      const uses: AnyStage = { ...say, run: () => Effect.sync(() => ({ text: `run ${count++}` })) };
      const graph = graphOf([
        { id: "a", uses, with: { words: "x" } },
        { id: "b", uses: shout, in: { text: "a" } },
      ]);
      const [recorded, computed] = [contentDigest(bytesOf("run 0")), contentDigest(bytesOf("run 1"))];
      yield* runEvents(graph);
      const { events, words } = yield* runEvents(graph, { force: ["a"] });
      assert.deepStrictEqual(words, ["start a", "finish a", "hit b", "succeeded"]);
      const finished = events.find((event) => event.event === "step.finished");
      assert.deepInclude(finished, {
        outputs: { text: recorded },
        differs: { text: { recorded, computed } },
      });
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("a name may mean one step, a step in every cycle, a cycle, or a whole loop", () =>
    Effect.gen(function* () {
      const ids = ["pre", "loop[1].a", "loop[1].b", "loop[2].a", "loop[2].b", "loop2.a"];
      const graph = graphOf(ids.map((id) => ({ id, uses: say, with: { words: id } })));
      const named = (name: string) =>
        Effect.map(selectSteps(graph, "--until", [name]), (found) => [...found].map((index) => ids[index]));
      assert.deepStrictEqual(yield* named("loop[2].a"), ["loop[2].a"]);
      assert.deepStrictEqual(yield* named("loop.a"), ["loop[1].a", "loop[2].a"]);
      assert.deepStrictEqual(yield* named("loop[1]"), ["loop[1].a", "loop[1].b"]);
      assert.deepStrictEqual(yield* named("loop"), ids.slice(1, 5));
    }),
  );

  it.effect("a name that fits no step is an error with the nearest one", () =>
    Effect.gen(function* () {
      const asked = { until: ["fre"], force: ["elsewhere"] };
      const error = yield* Effect.flip(runEvents(broken("fails"), asked));
      assert.deepStrictEqual(error._tag === "InvalidPipeline" && error.diagnostics, [
        {
          argument: "--until fre",
          message: "there is no step `fre`",
          hint: "did you mean `free`?",
        },
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("a damaged blob is restored by the step that made it, in the same run", () => {
    const state = emptyMemory();
    return Effect.gen(function* () {
      const first = yield* runEvents(chain("hello", 1));
      const made = first.events.find((event) => event.event === "step.finished" && event.step === "b");
      const digest = made?.event === "step.finished" ? made.outputs["text"]! : "";
      state.blobs.set(digest, new TextEncoder().encode("HELLo"));
      const { words, summary } = yield* runEvents(chain("hello", 2));
      assert.deepStrictEqual(words, [
        "hit a",
        "hit b",
        "start c",
        "repair b",
        "finish b",
        "start c",
        "finish c",
        "succeeded",
      ]);
      assert.deepStrictEqual([summary.ran, summary.hits], [2, 1]);
      assert.strictEqual(new TextDecoder().decode(state.blobs.get(digest)), "HELLO");
    }).pipe(Effect.provide(memoryRig(state)));
  });

  it.effect("a chain of damaged blobs is restored from its start", () => {
    const state = emptyMemory();
    return Effect.gen(function* () {
      yield* runEvents(chain("hello", 1));
      for (const digest of state.blobs.keys()) {
        const bytes = state.blobs.get(digest)!;
        state.blobs.set(digest, new Uint8Array(bytes.length));
      }
      const { summary } = yield* runEvents(chain("hello", 2));
      assert.deepStrictEqual([summary.status, summary.ran, summary.failed], ["succeeded", 3, 0]);
    }).pipe(Effect.provide(memoryRig(state)));
  });

  it.live("an interrupted run ends what runs, keeps what is finished and says so", () =>
    Effect.gen(function* () {
      const graph = graphOf([
        { id: "a", uses: say, with: { words: "a" } },
        { id: "long", uses: linger, with: { words: "x", ms: 5000 } },
      ]);
      const events: Array<RunEvent> = [];
      const onEvent = (event: RunEvent) => void events.push(event);
      const fiber = yield* Effect.forkChild(runEvents(graph, { onEvent }));
      yield* Effect.promise(async () => {
        while (!events.some((event) => event.event === "step.progress")) await new Promise((r) => setTimeout(r, 5));
      });
      yield* Fiber.interrupt(fiber);
      const exit = yield* Fiber.await(fiber);
      assert.isTrue(Exit.isFailure(exit));
      assert.deepStrictEqual(inWords(events), ["start a", "finish a", "start long", "stop long", "interrupted"]);
      const counts = events.at(-1);
      assert.deepInclude(counts, { ran: 1, hits: 0, failed: 0, skipped: 0 });
    }).pipe(Effect.provide(memoryRig())),
  );
});
