/** `timeout` and `retry`: what a run does with them, and that no key knows of them. */
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { TestClock } from "effect/testing";
import { output } from "../../src/core/ArtifactType.ts";
import { StageFailure, type FailureCause } from "../../src/core/errors.ts";
import type { RunEvent } from "../../src/core/events.ts";
import { Leases } from "../../src/core/Leases.ts";
import { defineStage, Progress } from "../../src/core/Stage.ts";
import { canFindWorkers, workersOn } from "../kit/attack.ts";
import { inWorker, join, linger, perish, say, stumble, Text } from "../kit/fakeStages.ts";
import { graphOf, type StepSpec } from "../kit/graphs.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { folderRig, inWords, memoryRig, runEvents } from "../kit/runEvents.ts";

/** Fails as told so many times, then works. */
function flaky(failures: number, cause: FailureCause) {
  let tries = 0;
  const stage = defineStage({
    name: "flaky",
    version: 1,
    description: "Works in the end.",
    config: Schema.Struct({}),
    inputs: {},
    outputs: { text: output(Text, "how often it was tried") },
    run: () =>
      Effect.suspend(() =>
        ++tries > failures
          ? Effect.succeed({ text: String(tries) })
          : Effect.fail(new StageFailure({ cause, message: "No." })),
      ),
  });
  return { stage, tries: () => tries };
}

const retry = { times: 2, on: ["killed"] as const, waitMs: 1000 };
const retries = (events: ReadonlyArray<RunEvent>) => events.filter(({ event }) => event === "step.retried");

/** What a step does between sleeps takes a few turns of Node's loop, however busy the machine is. */
const settled = (ms = 0) =>
  Effect.promise(async () => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  });

/** The executor passes on a report every 200 ms of a watch that no test can turn. */
const betweenReportsMs = 220;

/** Runs in the background, in which time passes as the test says. */
const inBackground = (graph: ReturnType<typeof graphOf>, keepGoing = false) =>
  Effect.gen(function* () {
    const events: Array<RunEvent> = [];
    const onEvent = (event: RunEvent) => void events.push(event);
    const fiber = yield* Effect.forkChild(
      Effect.provide(runEvents(graph, { jobs: 1, keepGoing, onEvent }), memoryRig()),
      { startImmediately: true },
    );
    const pass = (ms: number, settleMs?: number) => Effect.andThen(TestClock.adjust(ms), settled(settleMs));
    yield* settled();
    return { events, pass, words: () => inWords(events), end: Fiber.join(fiber) };
  });

describe("retry", () => {
  it.effect("tries again after the failures it names, with a pause that doubles, and tells so", () =>
    Effect.gen(function* () {
      const { stage, tries } = flaky(2, "killed");
      const run = yield* inBackground(graphOf([{ id: "a", uses: stage, limits: { retry } }]));
      assert.strictEqual(tries(), 1);
      yield* run.pass(999);
      assert.strictEqual(tries(), 1);
      yield* run.pass(1);
      assert.strictEqual(tries(), 2);
      yield* run.pass(1999);
      assert.strictEqual(tries(), 2);
      yield* run.pass(1);
      const { events, words } = yield* run.end;
      assert.deepStrictEqual(words, ["start a", "retry a", "start a", "retry a", "start a", "finish a", "succeeded"]);
      const told = { event: "step.retried", step: "a", cause: "killed", message: "No.", of: 2 } as const;
      assert.deepStrictEqual(retries(events), [
        { ...told, attempt: 1, waitMs: 1000 },
        { ...told, attempt: 2, waitMs: 2000 },
      ]);
    }),
  );

  it.effect("holds no slot until its next try: with one job, others go on meanwhile", () =>
    Effect.gen(function* () {
      const { stage } = flaky(1, "killed");
      const run = yield* inBackground(
        graphOf([
          { id: "a", uses: stage, limits: { retry } },
          { id: "b", uses: say, with: { words: "b" } },
          { id: "c", uses: join, with: { between: "" }, in: { parts: ["a", "b"] } },
        ]),
      );
      assert.deepStrictEqual(run.words(), ["start a", "retry a", "start b", "finish b"]);
      yield* run.pass(1000);
      const { words } = yield* run.end;
      assert.deepStrictEqual(words.slice(4), ["start a", "finish a", "start c", "finish c", "succeeded"]);
    }),
  );

  it.effect("holds no lease until then: what another run has made meanwhile is taken over", () =>
    Effect.gen(function* () {
      const { stage, tries } = flaky(1, "killed");
      const held: Array<string> = [];
      const leases = Layer.succeed(Leases, {
        take: (fingerprint) =>
          Effect.sync(() => {
            held.push(fingerprint);
            return { kind: "taken", release: Effect.sync(() => void held.splice(held.indexOf(fingerprint), 1)) };
          }),
        holder: () => Effect.undefined,
      });
      const graph = graphOf([{ id: "a", uses: stage, limits: { retry } }]);
      const events: Array<RunEvent> = [];
      const rig = Layer.merge(memoryRig(), leases);
      yield* Effect.gen(function* () {
        const first = yield* Effect.forkChild(runEvents(graph, { onEvent: (event) => void events.push(event) }), {
          startImmediately: true,
        });
        yield* settled();
        assert.deepStrictEqual([inWords(events), held], [["start a", "retry a"], []]);
        const other = yield* runEvents(graph);
        assert.deepStrictEqual(other.words, ["start a", "finish a", "succeeded"]);
        yield* TestClock.adjust(1000);
        const { words } = yield* Fiber.join(first);
        assert.deepStrictEqual(words, ["start a", "retry a", "hit a", "succeeded"]);
        assert.strictEqual(tries(), 2);
      }).pipe(Effect.provide(rig));
    }),
  );

  it.effect("gives up when its tries are used up, and at once on other failures", () =>
    Effect.gen(function* () {
      const tired = flaky(3, "killed");
      const first = yield* inBackground(graphOf([{ id: "a", uses: tired.stage, limits: { retry } }]));
      yield* first.pass(1000);
      yield* first.pass(2000);
      assert.deepStrictEqual([(yield* first.end).summary.failed, tired.tries()], [1, 3]);
      const other = flaky(1, "divergence");
      const { end } = yield* inBackground(graphOf([{ id: "a", uses: other.stage, limits: { retry } }]));
      assert.deepStrictEqual([(yield* end).summary.failures[0]!.error.cause, other.tries()], ["divergence", 1]);
    }),
  );

  it.effect("is called off by the failure of another step: both are told, and what they block", () =>
    Effect.gen(function* () {
      const { stage, tries } = flaky(1, "killed");
      const graph = graphOf([
        { id: "text", uses: say, with: { words: "x" } },
        { id: "a", uses: stage, limits: { retry } },
        { id: "b", uses: stumble, with: { how: "fails" }, in: { text: "text" } },
        { id: "c", uses: join, with: { between: "" }, in: { parts: ["a"] } },
      ]);
      const { words, summary } = yield* (yield* inBackground(graph)).end;
      assert.deepStrictEqual(words.slice(2), [
        "start a",
        "retry a",
        "start b",
        "fail b",
        "fail a",
        "skip c (a)",
        "failed",
      ]);
      assert.deepStrictEqual(
        summary.failures.map(({ step, error }) => [step, error.message]),
        [
          ["b", "data.tsv has no column b."],
          ["a", "No."],
        ],
      );
      assert.strictEqual(tries(), 1);
      const going = yield* inBackground(graph, true);
      yield* going.pass(1000);
      assert.include((yield* going.end).words, "finish c");
    }),
  );
});

describe("retry of a worker step", () => {
  it.live("is another process's: the one before is dead", () =>
    Effect.gen(function* () {
      const limits = { retry: { ...retry, times: 1, waitMs: 1 } };
      const graph = graphOf([{ id: "a", uses: perish, with: { how: "SIGKILL" }, limits }]);
      const { events, summary } = yield* Effect.provide(runEvents(graph), folderRig(yield* temporaryFolder));
      assert.lengthOf(retries(events), 1);
      assert.deepInclude(retries(events)[0], { step: "a", cause: "killed", attempt: 1, of: 1, waitMs: 1 });
      assert.deepStrictEqual(
        summary.failures.map(({ error }) => error.cause),
        ["killed"],
      );
    }),
  );
});

/** Reports after each of the pauses, in the time of the test. */
const paced = defineStage({
  name: "paced",
  version: 1,
  description: "Takes its time.",
  config: Schema.Struct({ pausesMs: Schema.Array(Schema.Number) }),
  inputs: {},
  outputs: { text: output(Text, "nothing much") },
  run: ({ config: { pausesMs } }) =>
    Effect.gen(function* () {
      const { report } = yield* Progress;
      for (const [index, pauseMs] of pausesMs.entries()) {
        yield* Effect.sleep(pauseMs);
        report({ done: index + 1, total: pausesMs.length, unit: "pauses" });
      }
      return { text: "done" };
    }),
});

const fingerprintWith = (terms: Partial<StepSpec>) =>
  Effect.map(
    Effect.provide(
      runEvents(graphOf([{ id: "quick", uses: linger, with: { words: "here", ms: 10 }, ...terms }])),
      memoryRig(),
    ),
    ({ events }) => events.find((event) => event.event === "step.finished")!.fingerprint,
  );

describe("timeout", () => {
  it.live("ends a step that takes longer, by name", () =>
    Effect.gen(function* () {
      const graph = graphOf([
        { id: "slow", uses: linger, with: { words: "late", ms: 5000 }, limits: { timeoutMs: 50 } },
      ]);
      const { summary } = yield* Effect.provide(runEvents(graph), memoryRig());
      assert.deepStrictEqual(summary.failures[0], {
        step: "slow",
        error: {
          cause: "timeout",
          message: "slow took longer than its `timeout` of 0.05 s.",
          hint: "Raise `timeout`. A training goes on from its last checkpoint.",
        },
      });
      assert.isBelow(summary.durationMs, 4000);
    }),
  );

  it.effect("ends a step that reports no progress for so long, and no other", () =>
    Effect.gen(function* () {
      const limits = { timeoutMs: 3_600_000, progressTimeoutMs: 60_000 };
      const graph = graphOf([{ id: "a", uses: paced, with: { pausesMs: [50_000, 50_000, 70_000, 1000] }, limits }]);
      const run = yield* inBackground(graph);
      yield* run.pass(50_000, betweenReportsMs);
      yield* run.pass(50_000, betweenReportsMs);
      yield* run.pass(59_000);
      assert.deepStrictEqual(run.words(), ["start a"]);
      yield* run.pass(1000);
      assert.deepStrictEqual((yield* run.end).summary.failures[0]!.error, {
        cause: "timeout",
        message: "a reported no progress for 60 s, its `timeout.progress`.",
        hint: "Raise `timeout.progress`. A training goes on from its last checkpoint.",
      });
    }),
  );

  it.effect("of both, the one that is over first is named", () =>
    Effect.gen(function* () {
      const limits = { timeoutMs: 90_000, progressTimeoutMs: 60_000 };
      const graph = graphOf([{ id: "a", uses: paced, with: { pausesMs: [50_000, 50_000] }, limits }]);
      const run = yield* inBackground(graph);
      yield* run.pass(50_000);
      yield* run.pass(40_000);
      const { error } = (yield* run.end).summary.failures[0]!;
      assert.deepStrictEqual([error.cause, error.message], ["timeout", "a took longer than its `timeout` of 90 s."]);
    }),
  );

  it.live.skipIf(!canFindWorkers)("ends a worker that hangs, and the next step gets a new one", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const limits = { progressTimeoutMs: 500 };
      const graph = graphOf([
        { id: "hangs", uses: inWorker(linger), with: { words: "x", ms: 60_000 }, limits },
        { id: "fine", uses: inWorker(say), with: { words: "y" } },
      ]);
      const onEvent = ({ event }: RunEvent) => {
        if (event === "step.progress") for (const pid of workersOn(root)) process.kill(pid, "SIGSTOP");
      };
      const { summary, words } = yield* Effect.provide(
        runEvents(graph, { keepGoing: true, onEvent }),
        folderRig(root, 100),
      );
      assert.deepStrictEqual(words, ["start hangs", "fail hangs", "start fine", "finish fine", "failed"]);
      assert.strictEqual(
        summary.failures[0]!.error.message,
        "hangs reported no progress for 0.5 s, its `timeout.progress`.",
      );
      assert.deepStrictEqual(workersOn(root), []);
    }),
  );

  it.live("lets what is quick enough be, under the key it has without one", () =>
    Effect.gen(function* () {
      const limited = {
        limits: { timeoutMs: 60_000, progressTimeoutMs: 60_000, retry },
        resources: { cpu: 1, memoryBytes: 1, gpu: 0 },
      };
      assert.strictEqual(yield* fingerprintWith(limited), yield* fingerprintWith({}));
    }),
  );
});
