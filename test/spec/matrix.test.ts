/** Matrices: the cells they make, and every form of link to, from and between them. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf, linkLines, mistakesOf } from "./fakeStages.ts";

/** Cells of two losses and three seeds, and what else is written. */
const trained = (others: string) => `steps:
  tokens: { uses: load-model, with: { source: m } }
  texts: { uses: read-sentences, with: { path: t } }
  ids: { uses: tokenize, in: { tokenizer: tokens.tokenizer, sentences: texts } }
  bi0:
    matrix: { loss: [bce, mse], seed: [1, 2] }
    uses: train-simcse
    in: { model: tokens, sentences: ids }
    with: { loss: "\${matrix.loss}" }
    seed: "\${matrix.seed}"
${others}`;

const counted = (others: string, matrix = "{ at: [1, 2, 3] }") => `steps:
  a: { uses: count, matrix: ${matrix}, with: { at: "\${matrix.at}" } }
${others}`;

const lines = (text: string) => linkLines(graphOf(text));
const message = (text: string) => mistakesOf(text).replaceAll(/\n .*\|.*/g, "");

describe("a matrix on a step", () => {
  it("makes one step a cell, in written order, with its values and its seed", () => {
    const graph = graphOf(trained(""));
    const cells = graph.steps.filter((step) => step.declaredAs === "bi0");
    expect(cells.map(({ id, encodedConfig, seed }) => [id, encodedConfig["loss"], seed])).toEqual([
      ["bi0[loss=bce,seed=1]", "bce", 1],
      ["bi0[loss=bce,seed=2]", "bce", 2],
      ["bi0[loss=mse,seed=1]", "mse", 1],
      ["bi0[loss=mse,seed=2]", "mse", 2],
    ]);
    expect(graph.matrices).toEqual([
      { id: "bi0", declaredAs: "bi0", axes: { loss: ["bce", "mse"], seed: [1, 2] }, cells: 4 },
    ]);
  });

  it("is linked to by cell, keys in any order, or as the list of all, or of some", () => {
    const text = counted(
      `  one: { uses: count, in: { from: "a[at=2,x=u]" } }
  other: { uses: count, in: { from: "a[x=v, at=1].metrics" } }
  all: { uses: count, in: { all: "a[*]" } }
  some: { uses: count, in: { all: ["a[at=1,x=*]", one] } }
`,
      "{ at: [1, 2], x: [u, v] }",
    );
    expect(lines(text).slice(4)).toEqual([
      "one < from a[at=2,x=u].metrics",
      "other < from a[at=1,x=v].metrics",
      "all < all a[at=1,x=u].metrics+a[at=1,x=v].metrics+a[at=2,x=u].metrics+a[at=2,x=v].metrics",
      "some < all a[at=1,x=u].metrics+a[at=1,x=v].metrics+one.metrics",
    ]);
  });

  it("with values in several spellings is named by any of them", () => {
    const text = `steps:
  a: { uses: count, matrix: { rate: [3e-5, 0.05], on: [true] } }
  b: { uses: count, in: { from: "a[rate=3e-5,on=true]" } }
  c: { uses: count, in: { from: "a[rate=5e-2,on=true].metrics" } }
`;
    expect(lines(text)).toEqual([
      "a[rate=0.00003,on=true]",
      "a[rate=0.05,on=true]",
      "b < from a[rate=0.00003,on=true].metrics",
      "c < from a[rate=0.05,on=true].metrics",
    ]);
  });

  it("takes an axis from a parameter, which `--set` changes", () => {
    const text = `params: { seeds: [1, 2] }\n${counted("", '{ at: "${params.seeds}" }')}`;
    expect(lines(text)).toEqual(["a[at=1]", "a[at=2]"]);
    expect(linkLines(graphOf(text, { sets: ["seeds=7"] }))).toEqual(["a[at=7]"]);
  });

  it("does not fan out what is linked to one cell, unless it names the same matrix", () => {
    const text = counted(`  one: { uses: count, in: { from: "a[at=2]" } }
  each: { uses: count, matrix: { at: [1, 2, 3] }, in: { from: a } }
  spelt: { uses: count, matrix: { at: [3] }, in: { from: "a[at=\${matrix.at}]" } }
  more: { uses: count, matrix: { x: [u, v], at: [1] }, in: { from: a } }
`);
    expect(lines(text).slice(3)).toEqual([
      "one < from a[at=2].metrics",
      "each[at=1] < from a[at=1].metrics",
      "each[at=2] < from a[at=2].metrics",
      "each[at=3] < from a[at=3].metrics",
      "spelt[at=3] < from a[at=3].metrics",
      "more[x=u,at=1] < from a[at=1].metrics",
      "more[x=v,at=1] < from a[at=1].metrics",
    ]);
  });

  it("stands in a loop, and its cell can be carried on", () => {
    const text = `steps:
  start: { uses: count }
  loop:
    repeat: 2
    carry: { value: start }
    steps:
      step: { uses: count, matrix: { at: [1, 2] }, in: { from: value }, with: { at: "\${matrix.at}" } }
    next: { value: "step[at=2]" }
  end: { uses: count, in: { all: ["loop[*].step[at=1]", "loop[last].step[*]", loop.value] } }
`;
    expect(lines(text)).toEqual([
      "start",
      "loop[1].step[at=1] < from start.metrics",
      "loop[1].step[at=2] < from start.metrics",
      "loop[2].step[at=1] < from loop[1].step[at=2].metrics",
      "loop[2].step[at=2] < from loop[1].step[at=2].metrics",
      "end < all loop[1].step[at=1].metrics+loop[2].step[at=1].metrics+loop[2].step[at=1].metrics+loop[2].step[at=2].metrics+loop[2].step[at=2].metrics",
    ]);
  });
});

describe("a matrix on a loop", () => {
  const text = `params: { cycles: 2 }
steps:
  start: { uses: count, matrix: { at: [1, 2] }, seed: 4 }
  loop:
    matrix: { at: [1, 2] }
    repeat: "\${params.cycles}"
    carry: { value: start }
    steps:
      step: { uses: count, in: { from: value }, with: { at: "\${matrix.at}" } }
    next: { value: step }
`.replace(", seed: 4", "");

  it("makes one loop a cell, whose steps know its values, and which begins with the cell of the same values", () => {
    const graph = graphOf(text);
    expect(linkLines(graph).slice(2)).toEqual([
      "loop[at=1][1].step < from start[at=1].metrics",
      "loop[at=1][2].step < from loop[at=1][1].step.metrics",
      "loop[at=2][1].step < from start[at=2].metrics",
      "loop[at=2][2].step < from loop[at=2][1].step.metrics",
    ]);
    expect(graph.steps.slice(2).map(({ declaredAs, cycle, encodedConfig }) => [declaredAs, cycle, encodedConfig["at"]]))
      // The settings differ by cell, not by cycle.
      .toEqual([
        ["loop.step", 1, 1],
        ["loop.step", 2, 1],
        ["loop.step", 1, 2],
        ["loop.step", 2, 2],
      ]);
    expect(graph.loops.map(({ id, cycles }) => [id, cycles])).toEqual([
      ["loop[at=1]", 2],
      ["loop[at=2]", 2],
    ]);
  });

  it("is linked to by cell and cycle", () => {
    const graph = graphOf(`${text}
  one: { uses: count, in: { from: "loop[at=2][1].step" } }
  last: { uses: count, in: { all: "loop[*][last].step" } }
  cycles: { uses: count, in: { all: "loop[at=1][*].step.metrics" } }
  after: { uses: count, in: { from: "loop[at=2].value" } }
  afters: { uses: count, in: { all: "loop[*].value" } }
  each: { uses: count, matrix: { at: [2] }, in: { from: "loop[1].step", all: ["loop[last].step", loop.value] } }
outputs: { best: "loop[at=1].value" }
`);
    expect(linkLines(graph).slice(6)).toEqual([
      "one < from loop[at=2][1].step.metrics",
      "last < all loop[at=1][2].step.metrics+loop[at=2][2].step.metrics",
      "cycles < all loop[at=1][1].step.metrics+loop[at=1][2].step.metrics",
      "after < from loop[at=2][2].step.metrics",
      "afters < all loop[at=1][2].step.metrics+loop[at=2][2].step.metrics",
      "each[at=2] < from loop[at=2][1].step.metrics < all loop[at=2][2].step.metrics+loop[at=2][2].step.metrics",
    ]);
    expect(graph.outputs).toEqual({ best: { step: 3, port: "metrics" } });
  });

  it("may decide how many cycles there are", () => {
    const graph = graphOf(text.replace("params.cycles", "matrix.at"));
    expect(graph.loops.map(({ cycles }) => cycles)).toEqual([1, 2]);
  });
});

describe("a wrong link to a matrix", () => {
  it("lists the cells, whatever its form", () => {
    const others = `  b: { uses: count, in: { from: a } }
  c: { uses: count, in: { from: "a[at=4]" } }
  d: { uses: count, in: { from: "a[to=1]" } }
  e: { uses: count, in: { from: "b[at=1]" } }
  f: { uses: count, in: { from: "a[*]" } }
  g: { uses: count, in: { from: "a[at=1][2]" } }
  h: { uses: count, in: { from: "a[at=1=2]" } }
  i: { uses: count, matrix: { at: [3, 4] }, in: { from: a } }
outputs: { x: a }
`;
    const cells = "its cells: `a[at=1]`, `a[at=2]`, `a[at=3]`; `a[*]` is the list of all";
    expect(message(counted(others))).toBe(`x.yaml:3:33: error: \`a\` does not say which cell: step \`a\` has a matrix
  hint: ${cells}

x.yaml:4:33: error: \`a[at=4]\` names no cell of \`a\`
  hint: ${cells}

x.yaml:5:33: error: \`a[to=1]\` names no cell of \`a\`
  hint: ${cells}

x.yaml:6:33: error: \`b[at=1]\` names a cell, and step \`b\` has no matrix
  hint: take the cell out

x.yaml:7:33: error: \`f.from\` takes one Metrics, and this link gives a list
  hint: name one of them: \`loop[last].step\`, \`loop[2].step\`

x.yaml:8:33: error: \`a\` is a step, not a loop: it has no cycles
  hint: write \`a\`

x.yaml:9:33: error: \`[at=1=2]\` in \`a[at=1=2]\` names no cycle and no cell
  hint: cycles are written [1], [2], …, [last], cells of a matrix [axis=value], and [*] means all of them

x.yaml:10:57: error: \`a\` does not say which cell: step \`a\` has a matrix
  hint: ${cells}

x.yaml:11:15: error: \`a\` does not say which cell: step \`a\` has a matrix
  hint: ${cells}

9 errors
`);
  });
});

describe("a wrong matrix", () => {
  it("is told with its axis", () => {
    const text = `steps:
  a: { uses: count, matrix: { at: [], x: 3, y: [1, "1"], z: ["a,b", "*"] } }
  b: { uses: count, matrix: {} }
  c: { uses: count, matrix: { at: "\${params.n}" } }
  d: { uses: count, with: { at: "\${matrix.at}" } }
  e: { uses: count, matrix: { at: [1] }, with: { at: "\${matrix.it}" } }
  f: { repeat: 1, matrix: { at: [1] }, steps: { g: { uses: count, matrix: { at: [2] } } } }
params: { n: 3 }
`;
    expect(message(text)).toBe(`x.yaml:2:35: error: axis \`at\` of the matrix has no values

x.yaml:2:42: error: step \`a\`: \`matrix.x\` must be a list of numbers, texts, true or false, or one whole expression that gives one, not the number 3

x.yaml:2:48: error: axis \`y\` of the matrix has the value \`1\` twice

x.yaml:2:61: error: axis \`z\` of the matrix has the value the text "a,b"
  hint: a value names its cell, so it cannot hold [ ] , = or a line's end, nor begin or end with a space

x.yaml:3:21: error: the matrix of step \`b\` has no axes
  hint: matrix: { seed: [1, 2] }

x.yaml:4:35: error: axis \`at\` of the matrix must be a list, not the number 3

x.yaml:5:34: error: \`\${matrix.…}\` has a value only in a step or loop with a \`matrix\`

x.yaml:6:55: error: there is no axis \`it\` here
  hint: did you mean \`at\`?

x.yaml:7:77: error: the axis \`at\` is one of a matrix around this step already
  hint: name it otherwise: \`\${matrix.…}\` must mean one value

9 errors
`);
  });

  it("has more than a million cells", () => {
    const values = JSON.stringify(Array.from({ length: 1001 }, (_, i) => i));
    const text = `steps:\n  a: { uses: count, matrix: { x: ${values}, y: ${values} } }\n`;
    expect(message(text)).toBe(
      `x.yaml:2:21: error: with the 1002001 cells of step \`a\` the pipeline has more than a million steps
  hint: a pipeline unrolls to at most 1,000,000 steps; lower \`repeat\`, or take values out of a \`matrix\`

1 error
`,
    );
  });
});

/** A sample, with a matrix or without. */
const body = (matrix: string, at: string, seed: string) => `steps:
  corpus: { uses: read-sentences, with: { path: t } }
  s: { uses: sample, ${matrix} in: { rows: corpus }, with: { rows: "${at}" }, seed: "${seed}" }
`;

describe("cells", () => {
  it("are independent: each is the step that the pipeline without a matrix has with its values", () => {
    const axis = fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(axis, axis, (ats, seeds) => {
        const whole = graphOf(body(`matrix: { at: [${ats}], seed: [${seeds}] },`, "${matrix.at}", "${matrix.seed}"));
        expect(whole.steps).toHaveLength(1 + ats.length * seeds.length);
        for (const step of whole.steps.slice(1)) {
          const [at, seed] = /at=(\d+),seed=(\d+)/.exec(step.id)!.slice(1) as [string, string];
          const params = `params: { at: ${at}, seeds: ${seed} }\n`;
          const alone = graphOf(params + body("", "${params.at}", "${params.seeds}")).steps[1]!;
          const { id: _, location: __, ...facts } = step;
          expect(facts).toEqual({ ...alone, id: undefined, location: undefined });
        }
      }),
      { numRuns: 30 },
    );
  });
});
