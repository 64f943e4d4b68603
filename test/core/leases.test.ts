import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import type { RunEvent } from "../../src/core/events.ts";
import type { LeaseHolder } from "../../src/core/Leases.ts";
import { emptyMemory } from "../../src/store/memory.ts";
import { linger, say, shout, stumble } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { finalDigests, folderRig, inWords, memoryRig, runEvents } from "../kit/runEvents.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const graph = graphOf([
  { id: "slow", uses: linger, with: { words: "x", ms: 100 } },
  { id: "after", uses: shout, in: { text: "slow" } },
]);

const away: LeaseHolder = { run: "20260101-000000-0000", step: "slow", host: "elsewhere", process: 1 };

/** A cache on which another run computes `slow`, for as long as the test leaves its lease there. */
const heldRig = Effect.gen(function* () {
  const state = emptyMemory();
  const leases = new Map<string, LeaseHolder>();
  const first = yield* Effect.provide(runEvents(graph), memoryRig());
  const fingerprint = first.events.flatMap((event) =>
    event.event === "step.finished" && event.step === "slow" ? [event.fingerprint] : [],
  )[0]!;
  leases.set(fingerprint, away);
  return { state, leases, fingerprint, rig: memoryRig(state, leases), alone: first };
});

const started = Effect.fnUntraced(function* (
  which: typeof graph,
  rig: ReturnType<typeof memoryRig>,
  options: Parameters<typeof runEvents>[1] = {},
) {
  const events: Array<RunEvent> = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const run = runEvents(which, { ...options, onEvent }).pipe(Effect.provide(rig));
  const fiber = yield* Effect.forkChild(run);
  return { events, fiber };
});

const until = (events: ReadonlyArray<RunEvent>, word: string) =>
  Effect.promise(async () => {
    while (!inWords(events).includes(word)) await new Promise((resolve) => setTimeout(resolve, 5));
  });

describe("two runs at once", () => {
  it.live("compute each key once: the second waits and takes what comes of it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const both = yield* Effect.all(
        [1, 2].map(() => Effect.provide(runEvents(graph), folderRig(root))),
        {
          concurrency: "unbounded",
        },
      );
      const [one, two] = both.toSorted((a, b) => b.summary.ran - a.summary.ran);
      assert.deepStrictEqual(one!.words, ["start slow", "finish slow", "start after", "finish after", "succeeded"]);
      assert.deepStrictEqual(two!.words.slice(0, 2), ["wait slow", "hit slow"]);
      assert.strictEqual(two!.summary.hits + two!.summary.ran, 2);
      assert.deepStrictEqual(finalDigests(two!.events), finalDigests(one!.events));
      const waiting = two!.events.find((event) => event.event === "step.waiting");
      assert.deepInclude(waiting?.holder, { run: one!.summary.run, step: "slow", process: process.pid });
    }),
  );

  it.live("go on by themselves where the first one ended without a result", () =>
    Effect.gen(function* () {
      const { rig, leases, alone } = yield* heldRig;
      const { events, fiber } = yield* started(graph, rig);
      yield* until(events, "wait slow");
      leases.clear();
      yield* Fiber.join(fiber);
      assert.deepStrictEqual(inWords(events), ["wait slow", ...alone.words]);
    }),
  );
});

describe("a step that waits for another run", () => {
  it.live("takes no slot", () =>
    Effect.gen(function* () {
      const { rig, leases } = yield* heldRig;
      const wider = graphOf([
        { id: "slow", uses: linger, with: { words: "x", ms: 100 } },
        { id: "other", uses: say, with: { words: "y" } },
      ]);
      const { events, fiber } = yield* started(wider, rig, { jobs: 1 });
      yield* until(events, "finish other");
      leases.clear();
      yield* Fiber.join(fiber);
      assert.deepStrictEqual(inWords(events), [
        "wait slow",
        "start other",
        "finish other",
        "start slow",
        "finish slow",
        "succeeded",
      ]);
    }),
  );

  it.live("waits no longer when another step has failed, unless the run is to go on", () =>
    Effect.gen(function* () {
      const { rig, leases } = yield* heldRig;
      const failing = graphOf([
        { id: "slow", uses: linger, with: { words: "x", ms: 100 } },
        { id: "a", uses: say, with: { words: "y" } },
        { id: "bad", uses: stumble, with: { how: "fails" }, in: { text: "a" } },
      ]);
      const { words } = yield* Effect.provide(runEvents(failing), rig);
      assert.deepStrictEqual(words.slice(-3), ["fail bad", "skip slow (bad)", "failed"]);
      const { events, fiber } = yield* started(failing, rig, { keepGoing: true });
      yield* until(events, "fail bad");
      leases.clear();
      yield* Fiber.join(fiber);
      assert.deepStrictEqual(inWords(events).slice(-4), ["fail bad", "start slow", "finish slow", "failed"]);
    }),
  );

  it.live("is not among the interrupted ones when the run is interrupted", () =>
    Effect.gen(function* () {
      const { rig, leases } = yield* heldRig;
      const { events, fiber } = yield* started(graph, rig);
      yield* until(events, "wait slow");
      yield* Fiber.interrupt(fiber);
      assert.deepStrictEqual(inWords(events), ["wait slow", "interrupted"]);
      assert.strictEqual(leases.size, 1);
    }),
  );

  it.live("lets go of every lease, whether it passes, fails or is interrupted", () =>
    Effect.gen(function* () {
      const leases = new Map<string, LeaseHolder>();
      const rig = memoryRig(emptyMemory(), leases);
      const bad = graphOf([
        { id: "a", uses: say, with: { words: "y" } },
        { id: "bad", uses: stumble, with: { how: "breaks" }, in: { text: "a" } },
      ]);
      yield* Effect.provide(runEvents(bad), rig);
      assert.strictEqual(leases.size, 0);
      const { events, fiber } = yield* started(graph, rig);
      yield* until(events, "start slow");
      assert.strictEqual(leases.size, 1);
      yield* Fiber.interrupt(fiber);
      assert.deepStrictEqual(inWords(events), ["start slow", "stop slow", "interrupted"]);
      assert.strictEqual(leases.size, 0);
    }),
  );

  it.live("runs after the other one where it is forced", () =>
    Effect.gen(function* () {
      const { rig, leases, state, fingerprint } = yield* heldRig;
      const { events, fiber } = yield* started(graph, rig, { force: ["slow"] });
      yield* until(events, "wait slow");
      assert.isFalse(state.records.has(fingerprint));
      leases.clear();
      yield* Fiber.join(fiber);
      assert.deepStrictEqual(inWords(events).slice(0, 3), ["wait slow", "start slow", "finish slow"]);
    }),
  );
});
