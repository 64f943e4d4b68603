/** Variants: a file that extends another, how the two are merged, and where their mistakes are shown. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { graphOf, linkLines, mistakesOf, workingFolder } from "./fakeStages.ts";

const write = (file: string, text: string) => {
  mkdirSync(dirname(join(workingFolder, file)), { recursive: true });
  writeFileSync(join(workingFolder, file), text);
};

const base = `name: base
seed: 7
params: { at: 1, source: data/base.txt }
steps:
  texts: { uses: read-sentences, with: { path: data/base.txt } }
  named: { uses: read-sentences, with: { path: "\${params.source}" } }
  a: { uses: count, with: { at: "\${params.at}", label: base } }
  loop:
    repeat: 2
    carry: { value: a }
    steps:
      step: { uses: count, in: { from: value }, with: { label: in } }
    next: { value: step }
  end: { uses: count, in: { from: loop.value } }
outputs: { end: end, other: a }
`;

describe("a variant", () => {
  it("is merged over what it extends, member by member", () => {
    write("shared/base.yaml", base);
    const graph = graphOf(`extends: shared/base.yaml
params: { at: 5 }
steps:
  a: { with: { label: mine } }
  loop:
    repeat: 1
    steps:
      step: { with: { at: 3 } }
      more: { uses: count, in: { from: step } }
    next: { value: more }
  named: ~
outputs: { other: ~ }
`);
    expect([graph.name, graph.seed, graph.params]).toEqual(["x", 7, { at: 5, source: "data/base.txt" }]);
    expect(linkLines(graph)).toEqual([
      "texts",
      "a",
      "loop[1].step < from a.metrics",
      "loop[1].more < from loop[1].step.metrics",
      "end < from loop[1].more.metrics",
    ]);
    expect(graph.steps.map((step) => step.encodedConfig)).toEqual([
      { path: "data/base.txt" },
      { at: 5, label: "mine" },
      { at: 3, label: "in" },
      { at: 0, label: "" },
      { at: 0, label: "" },
    ]);
    expect(Object.keys(graph.outputs)).toEqual(["end"]);
  });

  it("has paths resolved from the file each was written in, those of `--set` from the working directory", () => {
    write("shared/base.yaml", base);
    const variant = `extends: shared/base.yaml
steps:
  own: { uses: read-sentences, with: { path: data/own.txt } }
  inherited: { uses: read-sentences, with: { path: "\${params.source}" } }
`;
    const patterns = (sets: ReadonlyArray<string>) =>
      graphOf(variant, { sets })
        .steps.flatMap((step) => step.paths.map(({ pattern }) => pattern.slice(workingFolder.length + 1)))
        .sort();
    expect(patterns([])).toEqual([
      "data/own.txt",
      "shared/data/base.txt",
      "shared/data/base.txt",
      "shared/data/base.txt",
    ]);
    expect(patterns(["source=given.txt"])).toEqual(["data/own.txt", "given.txt", "given.txt", "shared/data/base.txt"]);
  });

  it("that names another stage does not inherit its settings; a loop takes the place of a step", () => {
    write("shared/base.yaml", base);
    const graph = graphOf(`extends: shared/base.yaml
steps:
  texts: { uses: count }
  end: { repeat: 1, steps: { s: { uses: count } } }
outputs: { end: ~ }
`);
    expect(graph.steps.find(({ id }) => id === "texts")!.encodedConfig).toEqual({ at: 0, label: "" });
    expect(graph.steps.at(-1)!.id).toBe("end[1].s");
  });

  it("of a variant is a variant", () => {
    write("shared/base.yaml", base);
    write("shared/middle.yaml", "extends: base.yaml\nparams: { at: 2 }\nseed: 8\n");
    const graph = graphOf("extends: shared/middle.yaml\nsteps: { b: { uses: count, in: { from: a } } }\n");
    expect([graph.seed, graph.params["at"], graph.steps.length]).toEqual([8, 2, 7]);
  });
});

describe("a mistake", () => {
  it("is shown in the file that has it, the variant's own first", () => {
    write(
      "shared/wrong.yaml",
      "steps:\n  a: { uses: count, with: { at: x } }\n  b: { uses: count, in: { from: c } }\n",
    );
    expect(mistakesOf("extends: shared/wrong.yaml\nsteps:\n  b: { with: { lable: y } }\n")).toBe(
      `x.yaml:3:16: error: stage \`count\` has no setting \`lable\`
  3 |   b: { with: { lable: y } }
    |                ^^^^^
  hint: did you mean \`label\`?

shared/wrong.yaml:2:33: error: \`at\` must be an integer, not the text "x"
  2 |   a: { uses: count, with: { at: x } }
    |                                 ^

shared/wrong.yaml:3:33: error: there is no step \`c\` here
  3 |   b: { uses: count, in: { from: c } }
    |                                 ^
  hint: names here: a, b

3 errors
`,
    );
  });

  it("in what is extended, or in its name, is told", () => {
    write("shared/torn.yaml", "steps: {\n");
    expect(mistakesOf("extends: shared/torn.yaml\n")).toContain("shared/torn.yaml:2:1: error: this is not valid YAML");
    expect(mistakesOf("extends: gone.yaml\n")).toBe(`x.yaml:1:10: error: there is no pipeline file \`gone.yaml\`
  1 | extends: gone.yaml
    |          ^^^^^^^^^
  hint: \`extends\` is a path from the file that it stands in

1 error
`);
    expect(mistakesOf("extends: shared\n")).toContain("x.yaml:1:10: error: `shared` is a folder, not a pipeline file");
    expect(mistakesOf('extends: "${params.x}"\n')).toContain("`extends` is literal");
    expect(mistakesOf("extends: 3\nsteps: { a: { uses: count } }\n")).toContain(
      "x.yaml:1:10: error: the pipeline: `extends` must be a text that is not empty, not the number 3",
    );
  });

  it("of files that extend each other names the circle", () => {
    write("shared/one.yaml", "extends: ../shared/two.yaml\n");
    write("shared/two.yaml", "extends: one.yaml\n");
    expect(mistakesOf("extends: shared/one.yaml\n"))
      .toBe(`shared/two.yaml:1:10: error: these files extend each other in a circle: shared/one.yaml → shared/two.yaml → shared/one.yaml
  1 | extends: one.yaml
    |          ^^^^^^^^
  hint: take one of them out

1 error
`);
    expect(mistakesOf("extends: x.yaml\n")).toContain("in a circle: x.yaml → x.yaml");
  });

  it("in a merged anchor is shown where it is merged", () => {
    expect(
      mistakesOf(`steps:
  a: { uses: count, with: &shared { at: 1, labl: x } }
  b: { uses: count, with: { <<: *shared, at: 2 } }
`),
    ).toBe(`x.yaml:2:44: error: stage \`count\` has no setting \`labl\`
  2 |   a: { uses: count, with: &shared { at: 1, labl: x } }
    |                                            ^^^^
  hint: did you mean \`label\`?

x.yaml:3:33: error: stage \`count\` has no setting \`labl\`
  3 |   b: { uses: count, with: { <<: *shared, at: 2 } }
    |                                 ^^^^^^^
  hint: did you mean \`label\`?

2 errors
`);
  });
});
