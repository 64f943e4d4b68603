/** `timeout` and `retry`: what a run does with them, and that no key knows of them. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { output } from "../../src/core/ArtifactType.ts";
import { StageFailure, type FailureCause } from "../../src/core/errors.ts";
import type { RunEvent } from "../../src/core/events.ts";
import type { Graph } from "../../src/core/Graph.ts";
import type { StepLimits } from "../../src/core/limits.ts";
import { defineStage } from "../../src/core/Stage.ts";
import { linger, perish, Text } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { folderRig, memoryRig, runEvents } from "../kit/runEvents.ts";

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

const limited = (graph: Graph, limits: StepLimits): Graph => ({
  ...graph,
  steps: graph.steps.map((step) => Object.assign({}, step, { limits })),
});
const run = (graph: Graph) => Effect.runPromise(runEvents(graph).pipe(Effect.provide(memoryRig())));
const warnings = (events: ReadonlyArray<RunEvent>) =>
  events.flatMap((event) => (event.event === "step.warning" ? [event.message] : []));
const retry = { times: 2, on: ["killed"] as const, waitMs: 1 };

describe("retry", () => {
  it("tries again after the failures it names, with a pause that doubles, and tells so", async () => {
    const { stage, tries } = flaky(2, "killed");
    const { events, words } = await run(limited(graphOf([{ id: "a", uses: stage }]), { retry }));
    expect(words).toEqual(["start a", "warn a", "warn a", "finish a", "succeeded"]);
    expect(tries()).toBe(3);
    expect(warnings(events)).toEqual([
      "it failed (killed) and is tried again in 0.001 s, 1 of 2: No.",
      "it failed (killed) and is tried again in 0.002 s, 2 of 2: No.",
    ]);
  });

  it("gives up when its tries are used up, and at once on other failures", async () => {
    const tired = flaky(3, "killed");
    const first = await run(limited(graphOf([{ id: "a", uses: tired.stage }]), { retry }));
    expect([first.summary.failed, tired.tries()]).toEqual([1, 3]);
    const other = flaky(1, "divergence");
    const second = await run(limited(graphOf([{ id: "a", uses: other.stage }]), { retry }));
    expect([second.summary.failures[0]!.error.cause, other.tries()]).toEqual(["divergence", 1]);
  });
});

describe("retry of a worker step", () => {
  it("is another process's: the one before is dead", async () => {
    const graph = limited(graphOf([{ id: "a", uses: perish, with: { how: "SIGKILL" } }]), {
      retry: { ...retry, times: 1 },
    });
    const running = Effect.flatMap(temporaryFolder, (folder) => Effect.provide(runEvents(graph), folderRig(folder)));
    const { events, summary } = await Effect.runPromise(Effect.scoped(running));
    expect(warnings(events)).toEqual([
      expect.stringContaining("it failed (killed) and is tried again in 0.001 s, 1 of 1"),
    ]);
    expect(summary.failures.map(({ error }) => error.cause)).toEqual(["killed"]);
  });
});

describe("timeout", () => {
  it("ends a step that takes longer, by name", async () => {
    const graph = graphOf([{ id: "slow", uses: linger, with: { words: "late", ms: 5000 } }]);
    const { summary } = await run(limited(graph, { timeoutMs: 50 }));
    expect(summary.failures[0]).toMatchObject({
      step: "slow",
      error: { cause: "timeout", message: "slow took longer than its `timeout` of 0.05 s." },
    });
    expect(summary.durationMs).toBeLessThan(4000);
  });

  it("lets what is quick enough be, under the key it has without one", async () => {
    const graph = graphOf([{ id: "quick", uses: linger, with: { words: "here", ms: 10 } }]);
    const fingerprint = ({ events }: Awaited<ReturnType<typeof run>>) =>
      events.find((event) => event.event === "step.finished")!.fingerprint;
    expect(fingerprint(await run(limited(graph, { timeoutMs: 60_000, retry })))).toBe(fingerprint(await run(graph)));
  });
});
