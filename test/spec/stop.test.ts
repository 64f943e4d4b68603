/** Loops that may stop: what a run does, what of it is recorded, and what links to such a loop mean. */
import { assert, describe, expect, it as effectIt } from "@effect/vitest";
import * as fc from "fast-check";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { it } from "vitest";
import { Metrics } from "../../src/artifact/index.ts";
import { listInput, optionalInput, output } from "../../src/core/ArtifactType.ts";
import type { Graph, Link, Step } from "../../src/core/Graph.ts";
import { explainStep } from "../../src/core/explain.ts";
import { planGraph } from "../../src/core/plan.ts";
import { defineStage } from "../../src/core/Stage.ts";
import stopLoop from "../../stages/stop-loop.ts";
import type { ContentDigest } from "../../src/core/digest.ts";
import { emptyMemory } from "../../src/store/memory.ts";
import { finalDigests, memoryRig, runEvents } from "../kit/runEvents.ts";
import { graphOf as loadGraph, mistakesOf } from "./fakeStages.ts";

/** Gives a number of its list: the one after the last of what comes in. */
const measure = defineStage({
  name: "measure",
  version: 1,
  description: "A number for each cycle.",
  config: Schema.Struct({ values: Schema.Array(Schema.Finite), name: Schema.optionalKey(Schema.String) }),
  inputs: { from: optionalInput(Metrics, "the cycle before") },
  outputs: { metrics: output(Metrics, "`average`, and how many cycles it has been") },
  run: ({ config: { values, name = "average" }, inputs: { from } }) => {
    const cycles = (from?.rows[1]?.value ?? 0) + 1;
    return Effect.succeed({
      metrics: {
        rows: [
          { name, value: values[cycles - 1]! },
          { name: "cycles", value: cycles },
        ],
      },
    });
  },
});

const collect = defineStage({
  name: "collect",
  version: 1,
  description: "The numbers of several.",
  config: Schema.Struct({}),
  inputs: { all: listInput(Metrics, "several"), one: optionalInput(Metrics, "one") },
  outputs: { metrics: output(Metrics, "their numbers in a row") },
  run: ({ inputs: { all, one } }) =>
    Effect.succeed({ metrics: { rows: [...all, ...(one ? [one] : [])].map(({ rows }) => rows[0]!) } }),
});

const stages = [measure, collect, stopLoop];
const graphOf = (text: string): Graph => loadGraph(text, { stages });

const stopping = (values: ReadonlyArray<number>, stop: string, others = "", repeat = values.length) => `steps:
  start: { uses: measure, with: { values: [0], name: begin } }
  loop:
    repeat: ${repeat}
    stop: ${stop}
    carry: { last: start }
    steps:
      step: { uses: measure, in: { from: last }, with: { values: [0, ${values.join(", ")}] } }
    next: { last: step }
${others}`;

const after = `  end: { uses: collect, in: { all: "loop[*].step", one: loop.last } }
  last: { uses: collect, in: { all: ["loop[last].step"] } }
outputs: { best: loop.last }
`;
const patience2 = "{ metric: step.average, patience: 2 }";

const states = (plan: { readonly steps: ReadonlyArray<{ step: string; state: string }> }) =>
  Object.fromEntries(plan.steps.map(({ step, state }) => [step, state]));

const rig = () => Effect.provide(memoryRig());

describe("a loop with `stop`", () => {
  effectIt.effect("ends when its patience is over; what follows takes the cycles that ran", () =>
    Effect.gen(function* () {
      const graph = graphOf(stopping([3, 5, 4, 5, 9], patience2, after));
      const { words, summary } = yield* runEvents(graph);
      assert.deepEqual(
        words.filter((word) => !word.startsWith("start ")),
        [
          "finish start",
          ...["1", "2", "3", "4"].flatMap((k) => [`finish loop[${k}].step`, `finish loop[${k}].stop`]),
          "skip loop[5].step (loop[4].stop)",
          "skip loop[5].stop (loop[4].stop)",
          "finish end",
          "finish last",
          "succeeded",
        ],
      );
      assert.deepEqual([summary.ran, summary.skipped, summary.failed], [11, 2, 0]);
      const best = summary.outputs["best"]!;
      assert.equal(graph.steps[best.step]!.id, "loop[4].step");
      // The same again: nothing runs, each decision is a hit and says the same.
      const again = yield* runEvents(graph);
      assert.equal(again.words.filter((word) => word.startsWith("hit ")).length, 11);
      assert.equal(again.summary.ran, 0);
      assert.deepEqual(again.summary.outputs, summary.outputs);
    }).pipe(rig()),
  );

  effectIt.effect("shares every cycle with the loop that has no `stop`: a decision enters no key", () =>
    Effect.gen(function* () {
      const plain = stopping([3, 5, 4, 5, 9], patience2, after).replace(/ {4}stop: .*\n/, "");
      yield* runEvents(graphOf(plain));
      const { words } = yield* runEvents(graphOf(stopping([3, 5, 4, 5, 9], patience2, after)));
      assert.deepEqual(
        words.filter((word) => word.startsWith("finish ")),
        [...["1", "2", "3", "4"].map((k) => `finish loop[${k}].stop`), "finish end", "finish last"],
      );
    }).pipe(rig()),
  );

  effectIt.effect("that never loses patience runs all of its cycles, and goes on where there are more", () =>
    Effect.gen(function* () {
      const three = graphOf(stopping([1, 2, 3], patience2, after));
      assert.deepEqual((yield* runEvents(three)).summary.skipped, 0);
      const five = yield* runEvents(graphOf(stopping([1, 2, 3], patience2, after, 5).replace("3]", "3, 2, 1, 0]")));
      assert.equal(five.summary.skipped, 0);
    }).pipe(rig()),
  );

  effectIt.effect("is planned as far as it is decided", () =>
    Effect.gen(function* () {
      const graph = graphOf(stopping([3, 2, 1, 0], "{ metric: step.average }", after));
      const before = states(yield* planGraph(graph));
      assert.equal(before["loop[1].step"], "stale");
      assert.equal(before["loop[2].step"], "waits");
      assert.equal(before["end"], "waits");
      yield* runEvents(graph);
      const plan = yield* planGraph(graph);
      const done = states(plan);
      assert.deepEqual(
        [done["loop[2].step"], done["loop[3].step"], done["loop[4].stop"], done["end"]],
        ["fresh", "skipped", "skipped", "fresh"],
      );
      assert.deepEqual(plan.steps.find(({ step }) => step === "loop[3].step")!.why, [
        { part: "decision", path: "loop[2].stop", from: null, to: "stop" },
      ]);
      const explained = yield* explainStep(graph, "loop[3].step");
      assert.equal(explained.state, "skipped");
      assert.equal(explained.rootCause[0]!.path, "loop[2].stop");
    }).pipe(rig()),
  );

  effectIt.effect("runs only what `--until` needs, and the decisions on the way", () =>
    Effect.gen(function* () {
      const graph = graphOf(stopping([1, 2, 3], patience2, after));
      const { words } = yield* runEvents(graph, { until: ["loop[2].step"] });
      assert.deepEqual(
        words.filter((word) => word.startsWith("finish ")),
        ["finish start", "finish loop[1].step", "finish loop[1].stop", "finish loop[2].step"],
      );
    }).pipe(rig()),
  );

  effectIt.effect("watches for lower values where these are the better ones", () =>
    Effect.gen(function* () {
      const { summary } = yield* runEvents(
        graphOf(stopping([3, 2, 2, 1], "{ metric: step.average, patience: 1, better: lower }")),
      );
      assert.equal(summary.skipped, 2);
    }).pipe(rig()),
  );

  effectIt.effect("stands in another that may stop too, and both end by themselves", () =>
    Effect.gen(function* () {
      const graph = graphOf(
        `steps:
  outer:
    repeat: 3
    stop: { metric: "inner[last].step.cycles" }
    steps:
      inner:
        repeat: 4
        stop: { metric: step.average }
        steps:
          step: { uses: measure, with: { values: ["\${cycle}"] } }
  all: { uses: collect, in: { all: "outer[*].inner[*].step", one: "outer[last].inner[last].step" } }
  lasts: { uses: collect, in: { all: "outer[*].inner[last].step" } }
`.replace('["${cycle}"]', "[7]"),
      );
      const { words, summary } = yield* runEvents(graph);
      // All numbers are equal: each loop ends after its second cycle.
      assert.equal(summary.failed, 0);
      const ran = words.filter((word) => word.startsWith("finish ") || word.startsWith("hit "));
      assert.deepEqual(
        ran
          .map((word) => word.split(" ")[1])
          .filter((id) => id!.endsWith("step"))
          .sort(),
        [1, 2].flatMap((o) => [1, 2].map((i) => `outer[${o}].inner[${i}].step`)),
      );
      assert.isTrue(words.includes("skip outer[1].inner[3].step (outer[1].inner[2].stop)"));
      assert.isTrue(words.includes("skip outer[3].inner[1].step (outer[2].stop)"));
      assert.isTrue(ran.includes("finish all") && ran.includes("finish lasts"));
    }).pipe(rig()),
  );

  effectIt.effect("leaves out what is linked to a cycle that did not run", () =>
    Effect.gen(function* () {
      const others = '  third: { uses: measure, in: { from: "loop[3].step" }, with: { values: [1] } }\n';
      const { words, summary } = yield* runEvents(graphOf(stopping([2, 1, 3], "{ metric: step.average }", others)));
      assert.isTrue(words.includes("skip third (loop[2].stop)"));
      assert.equal(summary.status, "succeeded");
    }).pipe(rig()),
  );

  effectIt.effect("decides anew where the cache lost a decision, and goes on alike", () => {
    const state = emptyMemory();
    return Effect.gen(function* () {
      const graph = graphOf(stopping([3, 2, 1], "{ metric: step.average }", after));
      const first = yield* runEvents(graph);
      const { decision } = finalDigests(first.events)["loop[1].stop"] as { readonly decision: ContentDigest };
      state.blobs.set(decision, state.blobs.get(decision)!.with(9, 1));
      const { words, summary } = yield* runEvents(graph);
      assert.isTrue(words.includes("finish loop[1].stop"));
      assert.deepEqual([summary.failed, summary.skipped], [0, 2]);
      assert.deepEqual(summary.outputs, first.summary.outputs);
    }).pipe(Effect.provide(memoryRig(state)));
  });

  effectIt.effect("fails by name where there is no such number", () =>
    Effect.gen(function* () {
      const { summary } = yield* runEvents(graphOf(stopping([1, 2], "{ metric: step.averag }")));
      assert.deepEqual(
        summary.failures.map(({ step, error }) => [step, error.message, error.hint]),
        [
          [
            "loop[1].stop",
            'There is no number "averag" among the metrics that the loop\'s `stop` watches.',
            "did you mean `average`?",
          ],
        ],
      );
    }).pipe(rig()),
  );

  it("runs as many cycles as the rule says, whatever the numbers", async () => {
    const cycles = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(cycles, fc.integer({ min: 1, max: 3 }), async (values, patience) => {
        const graph = graphOf(stopping(values, `{ metric: step.average, patience: ${patience} }`, after));
        const { summary } = await Effect.runPromise(runEvents(graph).pipe(rig()));
        const expected = lengthOf(values, patience);
        expect(summary.skipped).toBe(2 * (values.length - expected));
        expect(graph.steps[summary.outputs["best"]!.step]!.id).toBe(`loop[${expected}].step`);
      }),
      { numRuns: 40 },
    );
  });
});

/** The rule, said otherwise. */
function lengthOf(values: ReadonlyArray<number>, patience: number): number {
  for (let cycle = 1; cycle <= values.length; cycle++) {
    const recent = values.slice(Math.max(0, cycle - patience), cycle);
    const earlier = values.slice(0, Math.max(0, cycle - patience));
    if (earlier.length > 0 && Math.max(...recent) <= Math.max(...earlier)) return cycle;
  }
  return values.length;
}

const message = (stop: string, body = "") =>
  mistakesOf(stopping([1, 2], stop).replace("    next:", `${body}    next:`), { stages }).replaceAll(/\n .*\|.*/g, "");

/** Steps, a matrix of loops that stop, and links to them, in any order of writing. */
const blocks = [
  "  start: { uses: measure, with: { values: [0] } }",
  '  first: { uses: measure, matrix: { seed: [1, 2] }, in: { from: start }, with: { values: [0, "${matrix.seed}"] } }',
  `  loop:
    matrix: { seed: [1, 2] }
    repeat: 3
    stop: { metric: step.average }
    carry: { last: first }
    steps:
      step: { uses: measure, in: { from: last }, with: { values: [0, 0, 3, 2, 1] } }
    next: { last: step }`,
  '  end: { uses: collect, in: { all: ["first[*]", "loop[*].last"], one: "loop[seed=2][last].step" } }',
];

/** Every step with its gates and links, one a line. */
function lines(text: string): ReadonlyArray<string> {
  const graph = graphOf(text);
  const id = (index: number) => graph.steps[index]!.id;
  const words = ({ step, port, when, otherwise }: Link): string => {
    const conditions = (when ?? []).map(({ decision, says }) => `${id(decision)} ${says}`).join(" & ");
    return `${id(step)}.${port}${conditions && ` if ${conditions}`}${otherwise ? ` else ${words(otherwise)}` : ""}`;
  };
  const linked = (step: Step) =>
    Object.entries(step.inputs).map(([port, value]) => `${port} ${[value].flat().map(words).join("+")}`);
  return graph.steps.map((step) => [step.id, ...(step.gates ?? []).map(id), ...linked(step)].join(" < ")).sort();
}

it("the order of writing steps, and of links, changes no key and no link", () => {
  const expected = lines(`steps:\n${blocks.join("\n")}\n`);
  expect(expected.find((line) => line.startsWith("end"))).toContain(
    "loop[seed=2][1].step.metrics if loop[seed=2][1].stop stop else loop[seed=2][2].step.metrics if",
  );
  fc.assert(
    fc.property(fc.shuffledSubarray(blocks, { minLength: blocks.length }), fc.boolean(), (order, isSwapped) => {
      const text = `steps:\n${order.join("\n")}\n`;
      const swapped = text.replace(/\{ (all: \[.*\]), (one: .*) \} \}/, "{ $2, $1 } }");
      expect(lines(isSwapped ? swapped : text)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

describe("the patience of a `stop`", () => {
  const text = stopping([1, 2, 3], '{ metric: step.average, patience: "${params.patience}" }');
  const patience = (sets: ReadonlyArray<string>, written = text) =>
    loadGraph(`params: { patience: 2 }\n${written}`, { stages, sets })
      .steps.filter(({ id }) => id.endsWith(".stop"))
      .map(({ encodedConfig }) => encodedConfig["patience"]);

  it("may be an expression, and be set by its name in the loop", () => {
    expect(patience([])).toEqual([2, 2, 2]);
    expect(patience(["patience=4"])).toEqual([4, 4, 4]);
    expect(patience(["loop.stop.patience=3"])).toEqual([3, 3, 3]);
    const byCycle = text.replace("params.patience", "cycle");
    expect(patience([], byCycle)).toEqual([1, 2, 3]);
  });

  it("is told to be wrong where it was set", () => {
    expect(mistakesOf(`params: { patience: 2 }\n${text}`, { stages, sets: ["loop.stop.patience=0"] })).toBe(
      "--set loop.stop.patience=0: error: `patience` must be an integer of at least 1, not the number 0\n  hint: patience: cycles without a better value after which the loop ends; at least 1\n\n1 error\n",
    );
    const without = text.replace(/ +stop: .*\n/, "");
    expect(mistakesOf(without, { stages, sets: ["loop.stop.patience=3"] })).toContain("there is no step `loop.stop`");
  });
});

const watched = "params: { watched: step.average, row: cycles }\n";
const told = (metric: string, sets: ReadonlyArray<string> = []) =>
  mistakesOf(watched + stopping([1, 2], `{ metric: "${metric}" }`), { stages, sets });

/** Of each decision: what it looks at, and the number it looks for. */
const metrics = (metric: string, sets: ReadonlyArray<string> = [], others = "") => {
  const text = watched + stopping([1, 2], `{ metric: "${metric}" }`).replace(/(?= +next:)/, others);
  const { steps } = loadGraph(text, { stages, sets });
  return steps
    .filter(({ id }) => id.endsWith(".stop"))
    .map(({ inputs, encodedConfig }) =>
      [steps[(inputs["metrics"] as Link).step]!.id, encodedConfig["metric"]].join(" "),
    );
};
describe("the metric of a `stop`", () => {
  const other = "      other: { uses: measure, with: { values: [3, 4] } }\n";

  it("may be an expression, whole or in part", () => {
    expect(metrics("step.average")).toEqual(["loop[1].step average", "loop[2].step average"]);
    expect(metrics("${params.watched}")).toEqual(metrics("step.average"));
    expect(metrics("step.${params.row}")).toEqual(["loop[1].step cycles", "loop[2].step cycles"]);
    expect(metrics("${params.watched}", ["watched=other.cycles"], other)).toEqual([
      "loop[1].other cycles",
      "loop[2].other cycles",
    ]);
  });

  it("may be set by its name in the loop, beside others of its settings", () => {
    const sets = ["loop.stop.metric=other.cycles", "loop.stop.patience=4"];
    expect(metrics("step.average", sets, other)).toEqual(["loop[1].other cycles", "loop[2].other cycles"]);
    expect(metrics("${params.nothing}", sets, other)).toEqual(metrics("step.average", sets, other));
    const { steps } = loadGraph(stopping([1, 2], "{ metric: step.average }").replace(/(?= +next:)/, other), {
      stages,
      sets,
    });
    expect(steps.find(({ id }) => id === "loop[1].stop")!.encodedConfig).toEqual({
      metric: "cycles",
      patience: 4,
      better: "higher",
    });
  });

  it("may differ from cell to cell", () => {
    const text = stopping([1, 2], '{ metric: "${matrix.watched}" }').replace(
      "    repeat:",
      "    matrix: { watched: [step.average, step.cycles] }\n    repeat:",
    );
    const cells = text.replaceAll(/^outputs:.*\n/gm, "");
    const { steps } = loadGraph(cells, { stages });
    expect(
      steps.flatMap(({ id, encodedConfig }) => (id.endsWith("[1].stop") ? `${id} ${encodedConfig["metric"]}` : [])),
    ).toEqual(["loop[watched=step.average][1].stop average", "loop[watched=step.cycles][1].stop cycles"]);
  });

  it("is told to be wrong where it came from", () => {
    expect(told("${params.wached}")).toContain("x.yaml:6:22: error: there is no parameter `wached`\n");
    expect(told("${params.wached}")).toContain("\n1 error\n");
    expect(told("step.average", ["loop.stop.metric=step"])).toBe(
      "--set loop.stop.metric=step: error: `metric` is a step of the loop and one of its numbers\n  hint: for example `step.average`\n\n1 error\n",
    );
    expect(told("${params.watched}", ["watched=nothing.average"])).toContain("error: there is no step `nothing` here");
  });
});

describe("a wrong `stop`", () => {
  it("is told at its place", () => {
    expect(message("{ metrics: step.average }")).toBe(`x.yaml:5:13: error: unknown key \`metrics\` in \`stop\`
  hint: did you mean \`metric\`?

1 error
`);
    expect(message("{ metric: step }")).toContain(
      "x.yaml:5:21: error: `metric` is a step of the loop and one of its numbers\n  hint: for example `step.average`",
    );
    expect(message("{ metric: stop.average }")).toContain("x.yaml:5:21: error: there is no step `stop` here");
    expect(message("{ metric: step.average, patience: 0 }")).toContain(
      "x.yaml:5:45: error: `patience` must be an integer of at least 1, not the number 0",
    );
    expect(message("{ patience: 2 }")).toContain("x.yaml:5:5: error: `stop` has no `metric`");
    expect(message(patience2, "      stop: { uses: measure, with: { values: [1] } }\n")).toContain(
      "x.yaml:5:5: error: a loop with `stop` has a step `stop` already: its decision\n  hint: rename the one in `steps`",
    );
    expect(message("3")).toContain("x.yaml:5:11: error: `stop` must be a mapping of metric, patience, better");
  });
});
