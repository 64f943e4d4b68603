/** Parameters, seeds and expressions: types, precedence, places of mistakes. */
import { describe, expect, it } from "vitest";
import { graphOf, mistakesOf, transencoder } from "./fakeStages.ts";

const message = (text: string, request = {}) => mistakesOf(text, request).replaceAll(/\n .*\|.*/g, "");

const file = `params:
  rows: 10
  label: some text
  isOn: true
  names: [sts12, sts13]
  sizes: [1, 2]
steps:
  a: { uses: read-pairs, with: { path: x.tsv, names: "\${params.names}", maxPairs: "\${params.rows}" } }
`;

const paramsOf = (...sets: ReadonlyArray<string>) => graphOf(file, { sets }).params;

describe("a parameter", () => {
  it("takes values of its default's type", () => {
    expect(paramsOf()).toEqual({ rows: 10, label: "some text", isOn: true, names: ["sts12", "sts13"], sizes: [1, 2] });
    expect(paramsOf("rows=1e3")["rows"]).toBe(1000);
    expect(paramsOf("label=7")["label"]).toBe("7");
    expect(paramsOf("label='a: b'")["label"]).toBe("a: b");
    expect(paramsOf("label=a=b")["label"]).toBe("a=b");
    expect(paramsOf("isOn=false")["isOn"]).toBe(false);
  });

  it("that is a list takes a comma-separated or a YAML list", () => {
    expect(paramsOf("names=sts14, sts15")["names"]).toEqual(["sts14", "sts15"]);
    expect(paramsOf("names=sts14")["names"]).toEqual(["sts14"]);
    expect(paramsOf("names=[sts14, 15]")["names"]).toEqual(["sts14", "15"]);
    expect(paramsOf("names=")["names"]).toEqual([]);
    expect(paramsOf("sizes=3,4")["sizes"]).toEqual([3, 4]);
  });

  it("keeps its type where it is the whole of a value", () => {
    const [step] = graphOf(file, { sets: ["names=sts14,sts15", "rows=3"] }).steps;
    expect(step!.encodedConfig).toEqual({ path: "x.tsv", names: ["sts14", "sts15"], maxPairs: 3 });
  });

  it("is overridden by the environment, and that by `--set`, the last one winning", () => {
    const env = { PIPELINE_SET_rows: "20", HOME: "/home/x" };
    expect(graphOf(file, { env }).params["rows"]).toBe(20);
    expect(graphOf(file, { env, sets: ["rows=30", "rows=40"] }).params["rows"]).toBe(40);
  });

  it("refuses what is not of its type, or not there, naming the argument", () => {
    const sets = ["rows=many", "names=[[1]]", "isOn=yes", "sizes=1,b", "lable=x", "=3", "rows"];
    expect(message(file, { sets, env: { PIPELINE_SET_row: "3" } })).toBe(
      `--set =3: error: \`--set\` takes name=value
  hint: for example \`--set cycles=5\`

--set rows: error: \`--set\` takes name=value
  hint: for example \`--set cycles=5\`

PIPELINE_SET_row=3: error: there is no parameter \`row\`
  hint: did you mean \`rows\`?

--set rows=many: error: parameter \`rows\` must be a number like 10, not the text "many"
  hint: its type is that of its default in the file

--set names=[[1]]: error: parameter \`names\` must be a list like [sts12, sts13], not a list
  hint: its type is that of its default in the file

--set isOn=yes: error: parameter \`isOn\` must be true or false like true, not the text "yes"
  hint: its type is that of its default in the file

--set sizes=1,b: error: parameter \`sizes\` must be a list like [1, 2], not the text "1,b"
  hint: its type is that of its default in the file

--set lable=x: error: there is no parameter \`lable\`
  hint: did you mean \`label\`?

8 errors
`,
    );
  });

  it("is the place of a setting's mistake that came through it", () => {
    expect(message(file, { sets: ["rows=2.5"] })).toBe(
      `--set rows=2.5: error: \`maxPairs\` must be an integer, not the number 2.5

1 error
`,
    );
    expect(message(transencoder, { sets: ["cycles=2.5"] })).toBe(
      `--set cycles=2.5: error: \`repeat\` of loop \`distil\` must be an integer from 0, not the number 2.5

1 error
`,
    );
  });

  it("has a default that is a literal scalar or a list of them", () => {
    const text = `params:
  a: { b: 1 }
  c:
  d: "\${env.HOME}"
  seed: 3
  "e f": 1
steps: { a: { uses: count, with: { at: "\${params.a}" } } }
`;
    expect(message(text))
      .toBe(`x.yaml:2:6: error: the pipeline: \`params.a\` must be a number, a text, true or false, or a list of these, not a mapping

x.yaml:3:3: error: the pipeline: \`params.c\` must be a number, a text, true or false, or a list of these, not nothing

x.yaml:4:6: error: a parameter's default is literal: no expression can stand here

x.yaml:5:3: error: \`seed\` cannot be a parameter: \`--set seed=…\` is the file's own seed
  hint: write \`seed:\` at the top

x.yaml:6:3: error: \`e f\` cannot be the name of a parameter
  hint: letters, digits, \`_\` and \`-\`, beginning with a letter or \`_\`

5 errors
`);
  });
});

describe("a setting of a step", () => {
  it("is overridden by `--set step.setting=value`, in a loop for all cycles", () => {
    const graph = graphOf(transencoder, { sets: ["bi0.batchSize=32", "distil.student.learningRate=1e-5"] });
    const config = (id: string) => graph.steps.find((step) => step.id === id)!.encodedConfig;
    expect(config("bi0")).toEqual({ batchSize: 32, learningRate: 3e-5, temperature: 0.05 });
    expect(config("distil[1].student")["learningRate"]).toBe(1e-5);
    expect(config("distil[3].student")["learningRate"]).toBe(1e-5);
    expect(config("distil[3].cross")["learningRate"]).toBe(3e-5);
  });

  it("overridden wrongly names the argument", () => {
    expect(
      message(transencoder, {
        sets: ["bi0.batchSize=0", "bi0.batchsize=1", "bi1.batchSize=1", "bi0.x.y=1", "distil.student=3"],
      }),
    ).toBe(`--set bi1.batchSize=1: error: there is no step \`bi1\`
  hint: did you mean \`bi0\`?

--set distil.student=3: error: \`distil.student\` is not a setting
  hint: write step.setting=value, for example \`--set bi0.batchSize=32\`

--set bi0.batchsize=1: error: stage \`train-simcse\` has no setting \`batchsize\`
  hint: its settings: batchSize, learningRate, loss, temperature

--set bi0.x.y=1: error: stage \`train-simcse\` has no setting \`x\`
  hint: its settings: batchSize, learningRate, loss, temperature

--set bi0.batchSize=0: error: \`batchSize\` must be an integer of at least 1, not the number 0
  hint: batchSize: sentences in a step

5 errors
`);
  });
});

const seedsOf = (text: string, sets: ReadonlyArray<string> = []) => {
  const graph = graphOf(text, { sets });
  return [graph.seed, ...graph.steps.map(({ id, seed }) => `${id} ${seed}`)];
};

describe("the seed", () => {
  const seeded = `seed: 5
steps:
  load: { uses: load-model, with: { source: m } }
  read: { uses: read-sentences, with: { path: x } }
  tokens: { uses: tokenize, in: { tokenizer: load.tokenizer, sentences: read } }
  own: { uses: train-simcse, seed: 9, in: { model: load, sentences: tokens } }
  same: { uses: train-simcse, in: { model: load, sentences: tokens } }
  loop:
    repeat: 2
    seed: 7
    steps:
      a: { uses: train-simcse, in: { model: load, sentences: tokens } }
      b: { uses: train-simcse, seed: "\${cycle}", in: { model: load, sentences: tokens } }
`;

  it("is inherited by stages that use one, and overridden by steps and loops", () => {
    const steps = ["load undefined", "read undefined", "tokens undefined", "own 9", "same 5"];
    expect(seedsOf(seeded)).toEqual([5, ...steps, "loop[1].a 7", "loop[1].b 1", "loop[2].a 7", "loop[2].b 2"]);
  });

  it("of the file is set by `--set seed=…`, and 0 where there is none", () => {
    expect(seedsOf(seeded, ["seed=6"]).slice(0, 6)).toEqual([
      6,
      "load undefined",
      "read undefined",
      "tokens undefined",
      "own 9",
      "same 6",
    ]);
    expect(graphOf(seeded.replace("seed: 5\n", "")).seed).toBe(0);
  });

  it("is an integer from 0", () => {
    expect(message(seeded, { sets: ["seed=x"] })).toContain(
      '--set seed=x: error: the seed must be an integer from 0, not the text "x"',
    );
    expect(message(seeded.replace("seed: 5", "seed: -5"))).toContain(
      "`seed` must be an integer from 0, not the number -5",
    );
  });
});

const labelled = (label: string, request = {}) =>
  graphOf(`params: { x: 3, y: text }\nsteps: { a: { uses: count, with: { label: "${label}" } } }\n`, request).steps[0]!
    .encodedConfig["label"];

describe("an expression", () => {
  it("substitutes inside a text", () => {
    expect(labelled("${params.x}-${ params.y }")).toBe("3-text");
    expect(labelled("${env.PLACE}", { env: { PLACE: "here" } })).toBe("here");
  });

  it("is written out with a second `$`", () => {
    expect(labelled("$${params.x}$")).toBe("${params.x}$");
  });

  it("that says nothing known is a mistake at its own column", () => {
    const text = `params: { cycles: 3, list: [a, b] }
steps:
  a:
    uses: count
    with:
      label: "a \${params.cycels} b \${param.cycles} \${cycles} \${matrix.x} \${env.NOT_THERE} \${params.list} \${cycle} \${"
`;
    expect(mistakesOf(text)).toContain(`x.yaml:6:17: error: there is no parameter \`cycels\`
  6 |       label: "a \${params.cycels} b \${param.cycles} \${cycles} \${matrix.x} \${env.NOT_THERE} \${params.list} \${cycle} \${"
    |                 ^^^^^^^^^^^^^^^^
  hint: did you mean \`cycles\`?
`);
    expect(message(text)).toBe(`x.yaml:6:17: error: there is no parameter \`cycels\`
  hint: did you mean \`cycles\`?

x.yaml:6:36: error: there is nothing called \`param.cycles\`
  hint: did you mean \`params.cycles\`?

x.yaml:6:52: error: there is nothing called \`cycles\`
  hint: did you mean \`\${params.cycles}\`?

x.yaml:6:62: error: \`\${matrix.…}\` has a value only in a step or loop with a \`matrix\`

x.yaml:6:74: error: the environment has no variable \`NOT_THERE\`
  hint: set it: NOT_THERE=… pipeline …

x.yaml:6:91: error: \`\${params.list}\` is a list, which cannot stand inside a text
  hint: a value that is one whole expression keeps its type

x.yaml:6:106: error: \`\${cycle}\` has a value only inside a loop

x.yaml:6:115: error: this \`\${\` is never closed
  hint: write \`$\${\` for a plain \`\${\`

8 errors
`);
  });

  it("can stand in links", () => {
    const graph = graphOf(`params: { from: a }
steps:
  a: { uses: count }
  b: { uses: count, in: { from: "\${params.from}.metrics" } }
`);
    expect(graph.steps[1]!.inputs).toEqual({ from: { step: 0, port: "metrics" } });
  });
});
