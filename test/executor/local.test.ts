import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import type { ContentDigest } from "../../src/core/digest.ts";
import type { RunEvent } from "../../src/core/events.ts";
import { compute, grumble, inWorker, join, linger, perish, read, say, stumble } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { finalDigests, folderRig, inWords, runEvents } from "../kit/runEvents.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const until = (holds: () => boolean) =>
  Effect.promise(async () => {
    for (let i = 0; i < 2000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.isTrue(holds(), "waited ten seconds in vain");
  });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Processes that run the tests' worker on a cache folder. */
const workersOn = (root: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return command.includes("kit/worker.ts") && command.includes(root);
      } catch {
        return false;
      }
    });

const hasProc = existsSync("/proc/self/cmdline");

const threeSteps = (place: typeof inWorker) =>
  graphOf([
    { id: "a", uses: place(say), with: { words: "one" } },
    { id: "b", uses: place(say), with: { words: "two" } },
    { id: "c", uses: place(join), with: { between: " " }, in: { parts: ["a", "b"] } },
  ]);

const on = (id: string, device?: string) => ({
  id,
  uses: inWorker(compute),
  with: { words: id, ...(device === undefined ? {} : { device }) },
});

describe("the local executor", () => {
  it.live("gives the same outputs from a worker as from the driver", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* temporaryFolder, yield* temporaryFolder];
      const inDriver = yield* Effect.provide(runEvents(threeSteps((stage) => stage)), folderRig(first));
      const inWorkers = yield* Effect.provide(runEvents(threeSteps(inWorker)), folderRig(second));
      assert.deepStrictEqual(finalDigests(inWorkers.events), finalDigests(inDriver.events));
      assert.deepStrictEqual(inWorkers.words, inDriver.words);
    }),
  );

  it.live("passes progress on a few times a second, the last report always", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([{ id: "a", uses: inWorker(linger), with: { words: "x", ms: 500 } }]);
      const { events } = yield* Effect.provide(runEvents(graph), folderRig(root));
      const progress = events.filter((event) => event.event === "step.progress");
      assert.isAtLeast(progress.length, 2);
      assert.isAtMost(progress.length, 8);
      assert.deepStrictEqual(progress.at(-1), {
        event: "step.progress",
        step: "a",
        done: 50,
        total: 50,
        unit: "naps",
        loss: 1 / 50,
      });
    }),
  );

  it.live("computes each step on its device, and on each device in processes of its own", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([on("a"), on("b", "cuda:1"), on("c", "cuda:1"), on("d", "cpu"), on("e")]);
      const told = Effect.gen(function* () {
        const { events } = yield* runEvents(graph);
        const store = yield* ArtifactStore;
        const records = yield* store.records;
        const texts = yield* Effect.all(
          Object.values(finalDigests(events) as { [step: string]: { text: ContentDigest } }).map(({ text }) =>
            Effect.map(store.read(text), (bytes) =>
              Buffer.from(bytes)
                .toString()
                .split(/ on | in /),
            ),
          ),
        );
        return { texts, environments: records.map(({ provenance }) => provenance.environment["device"]).sort() };
      });
      const { texts, environments } = yield* Effect.provide(told, folderRig(root));
      assert.deepStrictEqual(
        texts.map(([words, device]) => [words, device]),
        [
          ["a", "cpu"],
          ["b", "cuda:1"],
          ["c", "cuda:1"],
          ["d", "cpu"],
          ["e", "cpu"],
        ],
      );
      const processes = texts.map(([, , pid]) => pid);
      assert.strictEqual(processes[1], processes[2]);
      assert.notStrictEqual(processes[0], processes[1]);
      assert.notStrictEqual(processes[2], processes[3]);
      assert.deepStrictEqual(environments, ["cpu", "cpu", "cpu", "cuda:1", "cuda:1"]);
    }),
  );

  it.live("fails a step whose device is not to be had, and goes on with others", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([
        { id: "lacks", uses: inWorker(compute), with: { words: "x", device: "tensorrt" } },
        { id: "fine", uses: inWorker(compute), with: { words: "x" } },
      ]);
      const { words, summary } = yield* Effect.provide(runEvents(graph, { keepGoing: true }), folderRig(root));
      assert.deepStrictEqual(words, ["start lacks", "fail lacks", "start fine", "finish fine", "failed"]);
      assert.deepInclude(summary.failures[0]!.error, { message: "There is no tensorrt.", hint: "Buy one." });
    }),
  );

  it.live("carries a failure with its place across, and a defect as one sentence", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([
        { id: "a", uses: say, with: { words: "x" } },
        { id: "fails", uses: inWorker(stumble), with: { how: "fails" }, in: { text: "a" } },
        { id: "breaks", uses: inWorker(stumble), with: { how: "breaks" }, in: { text: "a" } },
        { id: "passes", uses: inWorker(stumble), with: { how: "passes" }, in: { text: "a" } },
      ]);
      const { summary, words } = yield* Effect.provide(runEvents(graph, { keepGoing: true }), folderRig(root));
      const [failed, broken] = summary.failures.map(({ error: { trace, ...error }, step }) => ({ step, error, trace }));
      assert.isUndefined(failed!.trace);
      assert.match(broken!.trace!, /^Error: an unexpected turn\n {4}at .*fakeStages\.ts/);
      assert.deepStrictEqual(
        [failed, broken].map((each) => ({ step: each!.step, error: each!.error })),
        [
          {
            step: "fails",
            error: {
              cause: "stage-error",
              message: "data.tsv has no column b.",
              hint: "Add it.",
              path: "data.tsv",
              line: 3,
            },
          },
          {
            step: "breaks",
            error: {
              cause: "stage-error",
              message: "breaks: stumble-worker broke on a fault of its own: an unexpected turn.",
              hint: "This is a mistake in the stage, not in the pipeline file; the run's log has the place in its code.",
            },
          },
        ],
      );
      assert.include(words, "finish passes");
    }),
  );

  for (const [where, stage] of [
    ["the driver", grumble],
    ["a worker", inWorker(grumble)],
  ] as const) {
    it.live(`what a stage warns of in ${where} is an event, and nothing else of its log is`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        const graph = graphOf([{ id: "a", uses: stage, with: { words: "x" } }]);
        const { events, words } = yield* Effect.provide(runEvents(graph), folderRig(root));
        assert.deepStrictEqual(words, ["start a", "warn a", "finish a", "succeeded"]);
        const warning = { event: "step.warning", step: "a", message: "x is doubtful" } as const;
        assert.deepStrictEqual(
          events.find((event) => event.event === "step.warning"),
          warning,
        );
      }),
    );
  }

  for (const [how, told] of [
    ["SIGKILL", "SIGKILL"],
    ["exit", "exit code 7"],
  ] as const) {
    it.live(`a worker that dies by ${how} fails its step with its last words, and the next step gets a new one`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        const graph = graphOf([
          { id: "dies", uses: perish, with: { how } },
          { id: "lives", uses: inWorker(say), with: { words: "x" } },
        ]);
        const { summary, words } = yield* Effect.provide(runEvents(graph, { keepGoing: true }), folderRig(root));
        assert.deepStrictEqual(summary.failures[0]!.error, {
          cause: "killed",
          message: `dies: its worker died (${told}). Its last words: the last thing I saw`,
          hint: "Run the same command again: all that finished before was kept, and a training goes on from its last checkpoint.",
        });
        assert.include(words, "finish lives");
      }),
    );
  }

  it.live("interruption asks the worker to end, and waits for it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const graph = graphOf([{ id: "long", uses: inWorker(linger), with: { words: "x", ms: 60_000 } }]);
      const events: Array<RunEvent> = [];
      const onEvent = (event: RunEvent) => void events.push(event);
      const fiber = yield* Effect.forkChild(Effect.provide(runEvents(graph, { onEvent }), folderRig(root)));
      yield* until(() => events.some((event) => event.event === "step.progress"));
      yield* Fiber.interrupt(fiber);
      assert.deepStrictEqual(inWords(events), ["start long", "stop long", "interrupted"]);
      if (hasProc) assert.deepStrictEqual(workersOn(root), []);
    }),
  );

  it.live("a worker that will not end is killed when the grace is over", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      // `linger` polls between its naps; one endless nap does not.
      const graph = graphOf([{ id: "deaf", uses: inWorker(linger), with: { words: "deaf", ms: 60_000 } }]);
      const events: Array<RunEvent> = [];
      const onEvent = (event: RunEvent) => void events.push(event);
      const fiber = yield* Effect.forkChild(Effect.provide(runEvents(graph, { onEvent }), folderRig(root, 100)));
      yield* until(() => events.some((event) => event.event === "step.progress"));
      if (hasProc) for (const pid of workersOn(root)) process.kill(pid, "SIGSTOP");
      yield* Fiber.interrupt(fiber);
      assert.strictEqual(inWords(events).at(-1), "interrupted");
      if (hasProc) assert.deepStrictEqual(workersOn(root), []);
    }),
  );

  it.live("files that move while a step reads them fail it, and nothing is cached", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const file = joinPath(folder, "a.txt");
      writeFileSync(file, "before");
      const path = { field: "path", pattern: file, written: "a.txt", kind: "file" } as const;
      // Changes its own input after having read it, as an editor in another window would.
      const meddling = {
        ...read,
        run: (context: Parameters<typeof read.run>[0]) =>
          Effect.tap(read.run(context), () => Effect.sync(() => writeFileSync(file, "after"))),
      };
      const graph = (uses: typeof read) => graphOf([{ id: "r", uses, with: { path: "a.txt" }, paths: [path] }]);
      yield* Effect.gen(function* () {
        const { summary } = yield* runEvents(graph(meddling));
        assert.deepStrictEqual(summary.failures[0]!.error, {
          cause: "inputs-moved",
          message: `${file} changed while r was running; nothing of it was cached.`,
          hint: "Run the same command again once the file no longer changes.",
          path: file,
        });
        assert.isFalse(existsSync(joinPath(folder, "cache", "actions")));
        assert.deepStrictEqual((yield* runEvents(graph(read))).words, ["start r", "finish r", "succeeded"]);
        assert.deepStrictEqual((yield* runEvents(graph(read))).words, ["hit r", "succeeded"]);
      }).pipe(Effect.provide(folderRig(joinPath(folder, "cache"))));
    }),
  );
});

const driver = fileURLToPath(new URL("../kit/driver.ts", import.meta.url));

/** A driver in a process of its own, `kill`ed once its output holds `killAt`; gives the lines it printed. */
const drive = (
  root: string,
  killAt?: string,
  kill: (child: ChildProcess) => unknown = (child) => child.kill("SIGKILL"),
) =>
  Effect.promise(
    () =>
      new Promise<{ readonly lines: ReadonlyArray<string>; readonly code: number | null }>((resolve) => {
        const child = spawn(process.execPath, [driver, root], { stdio: ["ignore", "pipe", "inherit"] });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (more: string) => {
          text += more;
          if (killAt !== undefined && text.includes(killAt)) kill(child);
        });
        child.on("close", (code) => resolve({ lines: text.trim().split("\n"), code }));
      }),
  );

describe("a driver killed by SIGKILL in the middle of a step", () => {
  it.live("leaves a cache from which the same command finishes, with the digests of an undisturbed run", () =>
    Effect.gen(function* () {
      const [disturbed, quiet] = [yield* temporaryFolder, yield* temporaryFolder];
      const killed = yield* drive(disturbed, "start slow");
      assert.isNull(killed.code);
      const workers = hasProc ? workersOn(disturbed) : [];
      const again = yield* drive(disturbed);
      assert.strictEqual(again.code, 0);
      assert.include(again.lines, "hit first");
      const undisturbed = yield* drive(quiet);
      assert.strictEqual(again.lines.at(-1), undisturbed.lines.at(-1));
      yield* until(() => !workers.some(isAlive));
    }),
  );
});

describe("a driver that exits at once", () => {
  it.live.skipIf(!hasProc)("takes its workers with it, also one that hears nothing any more", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      let workers: ReadonlyArray<number> = [];
      const stopWorkersAndLeave = async (child: ChildProcess) => {
        while ((workers = workersOn(root)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        for (const pid of workers) process.kill(pid, "SIGSTOP");
        child.kill("SIGUSR2");
      };
      const { code } = yield* drive(root, "start slow", stopWorkersAndLeave);
      assert.strictEqual(code, 130);
      assert.lengthOf(workers, 1);
      yield* until(() => !workers.some(isAlive));
    }),
  );
});

describe("several drivers at once on one cache", () => {
  it.live("all finish, with the digests of one alone", () =>
    Effect.gen(function* () {
      const [shared, alone] = [yield* temporaryFolder, yield* temporaryFolder];
      const all = yield* Effect.all([drive(shared), drive(shared), drive(shared)], { concurrency: "unbounded" });
      const one = yield* drive(alone);
      for (const { code, lines } of all) {
        assert.strictEqual(code, 0);
        assert.strictEqual(lines.at(-1), one.lines.at(-1));
      }
    }),
  );
});
