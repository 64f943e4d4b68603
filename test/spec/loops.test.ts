/** Loops: how they unroll, and every form of link into, out of and within them. */
import { describe, expect, it } from "vitest";
import { graphOf, linkLines, load, mistakesOf, transencoder } from "./fakeStages.ts";

/** A loop of one counting step, with links to it from outside. */
const counting = (repeat: number | string, outside: string, body = "{ uses: count, in: { from: value } }") => `steps:
  start: { uses: count }
  loop:
    repeat: ${repeat}
    carry: { value: start }
    steps:
      step: ${body}
    next: { value: step }
${outside}`;

const message = (text: string) => mistakesOf(text).replaceAll(/\n .*\|.*/g, "");

describe("a loop", () => {
  it("unrolls to one step a cycle, each fed by the one before through `next`", () => {
    const graph = graphOf(counting(3, ""));
    expect(linkLines(graph)).toEqual([
      "start",
      "loop[1].step < from start.metrics",
      "loop[2].step < from loop[1].step.metrics",
      "loop[3].step < from loop[2].step.metrics",
    ]);
    expect(graph.steps.map(({ declaredAs, cycle }) => [declaredAs, cycle])).toEqual([
      ["start", null],
      ["loop.step", 1],
      ["loop.step", 2],
      ["loop.step", 3],
    ]);
    expect(graph.loops).toEqual([
      { id: "loop", cycles: 3, carried: { value: { step: 3, port: "metrics" } }, body: ["step"] },
    ]);
  });

  it("is linked to by cycle, last cycle, all cycles and carried name", () => {
    const graph = graphOf(
      counting(
        3,
        `  second: { uses: count, in: { from: "loop[2].step.metrics" } }
  last: { uses: count, in: { from: "loop[last].step" } }
  all: { uses: count, in: { all: "loop[*].step" } }
  mixed: { uses: count, in: { all: [start, "loop[*].step.metrics", loop.value] } }
  after: { uses: count, in: { from: loop.value } }
`,
      ),
    );
    expect(linkLines(graph).slice(4)).toEqual([
      "second < from loop[2].step.metrics",
      "last < from loop[3].step.metrics",
      "all < all loop[1].step.metrics+loop[2].step.metrics+loop[3].step.metrics",
      "mixed < all start.metrics+loop[1].step.metrics+loop[2].step.metrics+loop[3].step.metrics+loop[3].step.metrics",
      "after < from loop[3].step.metrics",
    ]);
  });

  it("with one cycle carries in what `carry` says and out what `next` says", () => {
    expect(linkLines(graphOf(counting(1, "  after: { uses: count, in: { from: loop.value } }\n")))).toEqual([
      "start",
      "loop[1].step < from start.metrics",
      "after < from loop[1].step.metrics",
    ]);
  });

  it("with no cycles is what was carried in, an empty list, and its last fed step the carried value", () => {
    const graph = graphOf(
      counting(
        0,
        `  after: { uses: count, in: { from: loop.value } }
  all: { uses: count, in: { all: "loop[*].step" } }
  last: { uses: count, in: { from: "loop[last].step" } }
`,
      ),
    );
    expect(linkLines(graph)).toEqual([
      "start",
      "after < from start.metrics",
      "all < all none",
      "last < from start.metrics",
    ]);
    expect(graph.steps[2]!.inputs).toEqual({ all: [] });
    expect(graph.loops).toEqual([
      { id: "loop", cycles: 0, carried: { value: { step: 0, port: "metrics" } }, body: ["step"] },
    ]);
  });

  it("with no cycles has no last step that does not feed `next`", () => {
    const text = counting(0, `      other: { uses: count }\noutputs: { end: "loop[last].other" }\n`).replace(
      "    next: { value: step }\n      other: { uses: count }\n",
      "      other: { uses: count }\n    next: { value: step }\n",
    );
    expect(message(text))
      .toBe(`x.yaml:10:17: error: \`loop[last].other\`: loop \`loop\` has no cycles, and \`other\` does not feed its \`next\`
  hint: with \`repeat: 0\` only what is carried in is there

1 error
`);
  });

  it("with no cycles still has its body checked", () => {
    expect(message(counting(0, "", "{ uses: count, in: { frm: value }, with: { at: x } }"))).toBe(
      `x.yaml:7:34: error: stage \`count\` has no input port \`frm\`
  hint: did you mean \`from\`?

x.yaml:7:60: error: \`at\` must be an integer, not the text "x"

2 errors
`,
    );
  });

  it("with no cycles gives no type to an output that takes after the list of its steps", () => {
    const text = `steps:
  loop: { repeat: 0, steps: { a: { uses: count } } }
  mean: { uses: average-scores, in: { scores: "loop[*].a" } }
`;
    expect(message(text)).toContain(
      "x.yaml:3:3: error: `mean.scores` takes its type from what is linked in, and the list is empty",
    );
  });

  it("may stand without `carry` and `next`: its cycles are then independent", () => {
    const graph = graphOf('steps:\n  loop: { repeat: 2, steps: { a: { uses: count, with: { at: "${cycle}" } } } }\n');
    expect(graph.steps.map(({ id, encodedConfig }) => [id, encodedConfig["at"]])).toEqual([
      ["loop[1].a", 1],
      ["loop[2].a", 2],
    ]);
  });

  it("carries several values, one following another", () => {
    const graph = graphOf(`steps:
  start: { uses: count }
  loop:
    repeat: 3
    carry: { value: start, before: start }
    steps:
      step: { uses: count, in: { from: value, all: [before] } }
    next: { value: step, before: value }
outputs: { before: loop.before }
`);
    expect(linkLines(graph)).toEqual([
      "start",
      "loop[1].step < from start.metrics < all start.metrics",
      "loop[2].step < from loop[1].step.metrics < all start.metrics",
      "loop[3].step < from loop[2].step.metrics < all loop[1].step.metrics",
    ]);
    expect(graph.outputs).toEqual({ before: { step: 2, port: "metrics" } });
  });

  it("takes a name from its body first, then from what it carries, then from outside", () => {
    const graph = graphOf(`steps:
  same: { uses: count, with: { at: 100 } }
  outer: { uses: count }
  loop:
    repeat: 2
    carry: { carried: outer, outer: same }
    steps:
      same: { uses: count }
      user: { uses: count, in: { all: [same, outer, carried] } }
    next: { carried: user, outer: user }
`);
    expect(linkLines(graph).filter((line) => line.includes("user <"))).toEqual([
      "loop[1].user < all loop[1].same.metrics+same.metrics+outer.metrics",
      "loop[2].user < all loop[2].same.metrics+loop[1].user.metrics+loop[1].user.metrics",
    ]);
  });

  it("chains to another loop by its carried value, in any order of writing", () => {
    const graph = graphOf(`steps:
  second:
    repeat: 2
    carry: { value: first.value }
    steps: { b: { uses: count, in: { from: value } } }
    next: { value: b }
  first:
    repeat: 2
    carry: { value: start }
    steps: { a: { uses: count, in: { from: value } } }
    next: { value: a }
  start: { uses: count }
`);
    expect(linkLines(graph)).toEqual([
      "start",
      "first[1].a < from start.metrics",
      "first[2].a < from first[1].a.metrics",
      "second[1].b < from first[2].a.metrics",
      "second[2].b < from second[1].b.metrics",
    ]);
  });
});

describe("nested loops", () => {
  const nested = `steps:
  start: { uses: count }
  outer:
    repeat: 2
    carry: { value: start }
    steps:
      inner:
        repeat: "\${cycle}"
        carry: { value: value }
        steps:
          step: { uses: count, in: { from: value }, with: { label: "c\${cycle}" } }
        next: { value: step }
      end: { uses: count, in: { from: inner.value } }
    next: { value: end }
`;

  it("have ids with both cycles, and the innermost as `cycle`", () => {
    const graph = graphOf(`${nested}outputs: { x: "outer[2].inner[1].step" }\n`);
    expect(linkLines(graph)).toEqual([
      "start",
      "outer[1].inner[1].step < from start.metrics",
      "outer[1].end < from outer[1].inner[1].step.metrics",
      "outer[2].inner[1].step < from outer[1].end.metrics",
      "outer[2].inner[2].step < from outer[2].inner[1].step.metrics",
      "outer[2].end < from outer[2].inner[2].step.metrics",
    ]);
    const last = graph.steps[4]!;
    expect([last.declaredAs, last.cycle, last.encodedConfig["label"]]).toEqual(["outer.inner.step", 2, "c2"]);
    expect(graph.loops).toEqual([
      { id: "outer", cycles: 2, carried: { value: { step: 5, port: "metrics" } }, body: ["inner", "end"] },
      { id: "outer[1].inner", cycles: 1, carried: { value: { step: 1, port: "metrics" } }, body: ["step"] },
      { id: "outer[2].inner", cycles: 2, carried: { value: { step: 4, port: "metrics" } }, body: ["step"] },
    ]);
    expect(graph.outputs).toEqual({ x: { step: 3, port: "metrics" } });
  });

  it("flatten to one list in the order of cycles", () => {
    const graph = graphOf(`${nested}  all: { uses: count, in: { all: "outer[*].inner[*].step" } }\n`);
    expect(linkLines(graph).at(-1)).toBe(
      "all < all outer[1].inner[1].step.metrics+outer[2].inner[1].step.metrics+outer[2].inner[2].step.metrics",
    );
  });
});

describe("a wrong link to a loop", () => {
  it("is explained, whatever its form", () => {
    const text = `${transencoder.replace(/outputs:.*\n/, "")}outputs:
  a: distil
  b: distil[4].student
  c: distil[*].student
  d: distil[last].teacher
  e: bi0[1]
  f: "distil[x].student"
  g: bi0.encoder.x
  h: distil[loss=mse].student
  i: "a b"
  j: distil[last]
  k: distil.techer
  l: 3
  m: distil[0].student
`;
    expect(message(text)).toBe(`x.yaml:26:6: error: \`distil\` is a loop, not an output
  hint: name one of its values: distil.teacher, distil[last].<step>

x.yaml:27:6: error: \`distil[4].student\`: loop \`distil\` has 3 cycles, so there is no cycle 4
  hint: \`[last]\` is the last one, however many there are

x.yaml:28:6: error: output \`c\` must be one output, and this link gives a list

x.yaml:29:6: error: loop \`distil\` has no step \`teacher\`
  hint: \`teacher\` is a carried value; after the loop it is \`distil.teacher\`

x.yaml:30:6: error: \`bi0\` is a step, not a loop: it has no cycles
  hint: write \`bi0\`

x.yaml:31:6: error: \`[x]\` in \`distil[x].student\` names no cycle and no cell
  hint: cycles are written [1], [2], …, [last], cells of a matrix [axis=value], and [*] means all of them

x.yaml:32:6: error: \`bi0.encoder.x\` goes on after a port
  hint: after a step comes at most its port: \`step.port\`

x.yaml:33:6: error: \`distil[loss=mse].student\` names a cell, and loop \`distil\` has no matrix
  hint: take the cell out

x.yaml:34:6: error: \`a b\` is not a link
  hint: links are written \`step\`, \`step.port\`, \`step[axis=value]\`, \`step[*]\`, \`loop[2].step.port\`, \`loop[last].…\`, \`loop[*].…\`, or \`loop.name\`

x.yaml:35:6: error: \`distil[last]\` names no step of the loop
  hint: its steps: labels, cross, scores, student, studentEval

x.yaml:36:6: error: loop \`distil\` has no carried value \`techer\`
  hint: did you mean \`teacher\`?

x.yaml:37:6: error: the pipeline: \`outputs.l\` must be a link such as \`step\`, \`step.port\` or \`loop[last].step\`, not the number 3

x.yaml:38:6: error: \`distil[0].student\`: loop \`distil\` has 3 cycles, so there is no cycle 0
  hint: cycles count from 1

13 errors
`);
  });

  it("from inside to an earlier cycle is refused: cycles meet only through `next`", () => {
    expect(message(counting(3, "", '{ uses: count, in: { from: "loop[1].step" } }'))).toBe(
      `x.yaml:7:40: error: \`loop[1].step\` stands inside loop \`loop\`: a cycle sees the one before only through \`next\`
  hint: carry it: \`carry\` says what a name is in cycle 1, \`next\` in the following cycles

1 error
`,
    );
  });

  it("that gives a list to a port for one is refused", () => {
    expect(message(counting(2, '  end: { uses: count, in: { from: "loop[*].step" } }\n'))).toBe(
      `x.yaml:9:35: error: \`end.from\` takes one Metrics, and this link gives a list
  hint: name one of them: \`loop[last].step\`, \`loop[2].step\`

1 error
`,
    );
  });
});

const loop = (name: string, other: string) =>
  `  ${name}: { repeat: 1, carry: { x: ${other}.x }, steps: { s: { uses: count } }, next: { x: x } }\n`;

const repeat = (value: string) => message(counting(value, "")).split("\n")[0];

describe("a wrong loop", () => {
  it("lacks a counterpart in `carry` or `next`", () => {
    const text = `steps:
  start: { uses: count }
  loop:
    repeat: 1
    carry: { a: start, b: start, teacher: start }
    steps: { step: { uses: count } }
    next: { a: step, c: step, techer: step }
`;
    expect(message(text))
      .toBe(`x.yaml:5:24: error: loop \`loop\`: \`b\` is in \`carry\` but not in \`next\`, so the following cycles have no value for it
  hint: add it: next: { b: <step> }

x.yaml:7:22: error: loop \`loop\`: \`c\` is in \`next\` but not in \`carry\`, so cycle 1 has no value for it
  hint: add it to \`carry\`: carry: { c: <step> }

x.yaml:7:31: error: loop \`loop\`: \`techer\` is in \`next\` but not in \`carry\`, so cycle 1 has no value for it
  hint: did you mean \`teacher\`?

3 errors
`);
  });

  it("has carried values that lead round in a circle", () => {
    expect(message(`steps:\n${loop("a", "b")}${loop("b", "a")}`)).toContain(
      "x.yaml:2:31: error: the carried values of loop `b` lead round in a circle through `b.x`",
    );
  });

  it("has cycles that are no count", () => {
    const wanted = "`repeat` must be an integer from 0, or one whole expression such as ${params.cycles}, not";
    expect(repeat("-1")).toBe(`x.yaml:4:13: error: loop \`loop\`: ${wanted} the number -1`);
    expect(repeat("1.5")).toBe(`x.yaml:4:13: error: loop \`loop\`: ${wanted} the number 1.5`);
    expect(repeat("three")).toBe(`x.yaml:4:13: error: loop \`loop\`: ${wanted} the text "three"`);
    expect(repeat('"${cycle}"')).toBe("x.yaml:4:14: error: `${cycle}` has a value only inside a loop");
  });

  it("unrolls to more than a million steps", () => {
    expect(message(counting(1_000_001, ""))).toBe(
      `x.yaml:4:13: error: with the 1000001 cycles of loop \`loop\` the pipeline has more than a million steps
  hint: a pipeline unrolls to at most 1,000,000 steps; lower \`repeat\`, or take values out of a \`matrix\`

1 error
`,
    );
  });

  it("has a body step that hides a carried value", () => {
    const text = counting(2, "").replaceAll("value", "step");
    expect(message(text)).toContain(
      "hint: in the loop `step` is the step, not the carried value of the same name; rename one of the two",
    );
  });
});

it("a loop of 100,000 cycles unrolls without recursion", () => {
  const { graph, text } = load(counting(100_000, "outputs: { end: loop.value }\n"));
  expect(text).toBeUndefined();
  expect(graph!.steps).toHaveLength(100_001);
  expect(graph!.outputs["end"]).toEqual({ step: 100_000, port: "metrics" });
});
