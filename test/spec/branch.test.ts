/** Branches: which text comes out, and that it means what it says. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { describe, expect, it } from "vitest";
import type { Graph } from "../../src/core/Graph.ts";
import { branchPipeline, type Branch, type BranchRequest } from "../../src/spec/branch/branchPipeline.ts";
import { renderDiagnostics } from "../../src/spec/renderDiagnostics.ts";
import { fakeStages, graphOf, linkLines, transencoder, workingFolder } from "./fakeStages.ts";

mkdirSync(join(workingFolder, "sub"), { recursive: true });

function branched(yaml: string, request: Partial<BranchRequest> = {}): Result.Result<Branch, string> {
  writeFileSync(join(workingFolder, "base.yaml"), yaml);
  const asked = { file: "base.yaml", from: "distil[2]", cycles: undefined, to: "new.yaml", sets: [], env: {} };
  const branching = branchPipeline({ ...asked, cwd: workingFolder, stages: fakeStages, ...request });
  const ofUser = Effect.catchTag(branching, "StoreError", Effect.die);
  return Result.mapError(Effect.runSync(Effect.result(ofUser)), ({ diagnostics }) =>
    renderDiagnostics(diagnostics, () => yaml),
  );
}

function textOf(yaml: string, request?: Partial<BranchRequest>): string {
  return Result.getOrThrow(branched(yaml, request)).text;
}

const mistakesOf = (request: Partial<BranchRequest>, yaml = transencoder): string =>
  Result.match(branched(yaml, request), { onFailure: (text) => text, onSuccess: () => "no mistakes" });

/** Lines of the new text that the old one does not have. */
const addedLines = (before: string, after: string): ReadonlyArray<string> => {
  const old = new Set(before.split("\n"));
  return after.split("\n").filter((line) => !old.has(line));
};

const settingsOf = (graph: Graph, step: string) => graph.steps.find(({ id }) => id === step)!.encodedConfig;

const patterns = (graph: Graph) =>
  new Map(graph.steps.map(({ id, paths }) => [id, paths.map(({ pattern }) => pattern)] as const));

/** Loop `l` counts up; `rest` are further steps of the file. */
const counting = (rest: string) => `params: { cycles: 4 }
steps:
  first: { uses: count }
  l:
    repeat: 4
    carry: { sum: first }
    steps:
      up: { uses: count, in: { from: sum } }
    next: { sum: up }
${rest}`;
const countingBranch = (rest: string, request: Partial<BranchRequest> = {}) =>
  textOf(counting(rest), { from: "l[2]", ...request });

describe("a branch", () => {
  it("is the file as it was, with the loop cut short and a second one that goes on", () => {
    const text = textOf(transencoder, { sets: ["student.learningRate=1e-5"] });
    expect(text.startsWith("# A branch of base.yaml after cycle 2 of distil; what it shares with that file runs once.\n")).toBe(true); // prettier-ignore
    expect(addedLines(transencoder, text).slice(1).join("\n")).toBe(`    repeat: 2
  # Goes on from cycle 2 of distil, with student.learningRate: 1e-5.
  distil2:
    repeat: 1
    carry: { teacher: distil.teacher }
      student: { uses: train-bi-encoder, in: { pairs: tokenPairs, scores: scores, model: bi0 }, with: { loss: mse, learningRate: 1e-5 } }
outputs: { encoder: distil2.teacher }`);
  });

  it("has the steps, settings and links of the original up to its cycle, and the change after it", () => {
    const before = graphOf(transencoder);
    const after = graphOf(textOf(transencoder, { sets: ["student.learningRate=1e-5"], cycles: 2 }));
    const kept = linkLines(before).filter((line) => !line.startsWith("distil[3]"));
    expect(linkLines(after).slice(0, kept.length)).toEqual(kept);
    const further = linkLines(after).slice(kept.length);
    expect(further.map((line) => line.split(" ")[0])).toEqual(
      ["distil2[1]", "distil2[2]"].flatMap((cycle) =>
        ["labels", "cross", "scores", "student", "studentEval"].map((step) => `${cycle}.${step}`),
      ),
    );
    expect(further[0]).toBe("distil2[1].labels < pairs tokenPairs.pairs < encoder distil[2].student.encoder");
    expect(settingsOf(after, "distil[2].student")["learningRate"]).toBe(3e-5);
    expect(settingsOf(after, "distil2[1].student")["learningRate"]).toBe(1e-5);
    expect(settingsOf(after, "distil2[1].cross")).toEqual(settingsOf(before, "distil[3].cross"));
    expect(after.steps[after.outputs["encoder"]!.step]!.id).toBe("distil2[2].student");
  });

  it("moves links from outside to the loop that has what they mean", () => {
    const text = countingBranch(`  after: { uses: count, in: { from: l.sum } }
  third: { uses: count, in: { from: "l[3].up" } }
  second: { uses: count, in: { from: "l[2].up" } }
  final: { uses: count, in: { from: 'l[last].up.metrics' } }
  asked: { uses: count, in: { from: "l[\${params.cycles}].up" } }
  every: { uses: count, in: { all: "l[*].up" } }
  some: { uses: count, in: { all: [first, "l[*].up"] } }
  block:
    uses: count
    in:
      all:
        - l[*].up
        - first
  other:
    repeat: 1
    carry: { l: l.sum }
    steps: { up: { uses: count, in: { from: l } } }
    next: { l: up }
outputs: { sum: l.sum }
`);
    const [steps] = text.split("\n  other:");
    expect(addedLines(counting(""), steps!).filter((line) => !/^#|^ {2}(l2|#)/.test(line)).join("\n")).toBe(`    repeat: 2
    repeat: 2
    carry: { sum: l.sum }
  after: { uses: count, in: { from: l2.sum } }
  third: { uses: count, in: { from: "l2[1].up" } }
  second: { uses: count, in: { from: "l[2].up" } }
  final: { uses: count, in: { from: 'l2[last].up.metrics' } }
  asked: { uses: count, in: { from: "l2[2].up" } }
  every: { uses: count, in: { all: ["l[*].up", "l2[*].up"] } }
  some: { uses: count, in: { all: [first, "l[*].up", "l2[*].up"] } }
  block:
    uses: count
    in:
      all:
        - "l[*].up"
        - "l2[*].up"
        - first`); // prettier-ignore
    expect(text).toContain("carry: { l: l2.sum }\n    steps: { up: { uses: count, in: { from: l } } }\n");
    expect(text).toContain("outputs: { sum: l2.sum }");
  });

  it("keeps comments, blank lines and alignment, and separates the new loop as the old one was", () => {
    const yaml = `# yaml-language-server: $schema=schemas/pipeline.schema.json
steps:
  first:  { uses: count }   # aligned

  # About the loop.
  l:
    repeat: 3               # three
    carry:  { sum: first }
    steps:

      up:                   # goes up
        uses:   count
        in:     { from: sum }
    next:   { sum: up }     # and on
  # About the end.
outputs:  { sum: l.sum }
`;
    expect(textOf(yaml, { from: "l[2]", sets: ["up.at=3"] }).split("\n").slice(1).join("\n")).toBe(`# yaml-language-server: $schema=schemas/pipeline.schema.json
steps:
  first:  { uses: count }   # aligned

  # About the loop.
  l:
    repeat: 2               # three
    carry:  { sum: first }
    steps:

      up:                   # goes up
        uses:   count
        in:     { from: sum }
    next:   { sum: up }     # and on

  # Goes on from cycle 2 of l, with up.at: 3.
  l2:
    repeat: 1               # three
    carry:  { sum: l.sum }
    steps:

      up:                   # goes up
        uses:   count
        in:     { from: sum }
        with: { at: 3 }
    next:   { sum: up }     # and on
  # About the end.
outputs:  { sum: l2.sum }
`); // prettier-ignore
  });

  const styles: ReadonlyArray<readonly [string, string]> = [
    ["in braces", "steps: { first: { uses: count }, l: { repeat: 3, carry: { sum: first }, steps: { up: { uses: count, in: { from: sum } } }, next: { sum: up } } }\noutputs: { sum: l.sum }\n"], // prettier-ignore
    ["with Windows line ends", counting("outputs: { sum: l.sum }\n").replaceAll("\n", "\r\n")],
    ["without a line end", counting("outputs: { sum: l.sum }")],
    ["with the loop last", counting("").trimEnd()],
    ["with empty settings", counting("").replace("in: { from: sum } }", "in: { from: sum }, with: }")],
    ["with a block of settings", counting("").replace("up: { uses: count, in: { from: sum } }", "up:\n        uses: count\n        in: { from: sum }\n        with:\n          label: a # why")], // prettier-ignore
    ["with settings by alias", counting("").replace("first: { uses: count }", "first: { uses: count, with: &s { at: 1 } }").replace("{ from: sum } }", "{ from: sum }, with: *s }")], // prettier-ignore
    ["with settings by merge", counting("").replace("first: { uses: count }", "first: &f { uses: count, with: { at: 1 } }").replace("{ uses: count, in: { from: sum } }", "{ <<: *f, in: { from: sum } }")], // prettier-ignore
    ["with an anchor in the loop", counting("  z: { uses: count, with: *s }\n").replace("{ from: sum } }", "{ from: sum }, with: &s { at: 1 } }")], // prettier-ignore
    [
      "with an anchored number of cycles",
      counting("").replace("repeat: 4", "repeat: &n 4").replace("{ from: sum } }", "{ from: sum }, with: { at: *n } }"),
    ],
    ["with braces over several lines", counting("").replace(/ {2}l:[^]*$/, "  l: { repeat: 4, # four\n       carry: { sum: first },\n       steps: { up: { uses: count, in: { from: sum } } },\n       next: { sum: up } } # done\noutputs: { sum: l.sum }\n")], // prettier-ignore
    ["with comments everywhere", counting("    # deeper\n  # after\n\n# end\n").replace("  l:\n", "  l: # loop\n    # first\n").replace("    next:", "    # before next\n    next:")], // prettier-ignore
    ["with document marks", `---\n${counting("outputs: { sum: l.sum }\n")}...\n`],
    ["with quoted names", counting("").replace("  l:\n", '  "l":\n').replace("up: {", "'up': {")],
    ["with names on lines of their own", counting("").replace("repeat: 4", "repeat:\n      4").replace("{ uses: count, in: { from: sum } }", "\n        { uses: count,\n          in: { from: sum } }")], // prettier-ignore
    ["with carry in a block", counting("").replace("carry: { sum: first }", "carry:\n      sum: first # the start")],
    ["with a loop of its own name inside", counting("  m:\n    repeat: 2\n    carry: { l: l.sum }\n    steps: { up: { uses: count, in: { from: l } } }\n    next: { l: up }\n")], // prettier-ignore
  ];

  it.each(styles)("is made of a file %s", (_, yaml) => {
    const before = graphOf(yaml);
    const after = graphOf(textOf(yaml, { from: "l[2]", cycles: 2, sets: ["up.at=7", "up.label=now"] }));
    const ids = after.steps.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["first", "l[1].up", "l[2].up", "l2[1].up", "l2[2].up"]));
    expect(ids).not.toContain("l[3].up");
    expect(settingsOf(after, "l2[1].up")).toEqual({ at: 7, label: "now" });
    expect(settingsOf(after, "l[2].up")).toEqual(settingsOf(before, "l[2].up"));
    const others = before.steps.filter(({ id }) => !/^l\[[34]\]/.test(id));
    for (const { id, encodedConfig } of others) expect(settingsOf(after, id)).toEqual(encodedConfig);
  });

  it.each(styles)("without a change is the same graph under other names: of a file %s", (_, yaml) => {
    const renamed = linkLines(graphOf(textOf(yaml, { from: "l[1]" }))).map((line) =>
      line.replaceAll(/\bl2\[(\d+)\]/g, (__, cycle: string) => `l[${Number(cycle) + 1}]`),
    );
    expect(new Set(renamed)).toEqual(new Set(linkLines(graphOf(yaml))));
  });

  it("of a branch takes the next number", () => {
    const once = countingBranch("outputs: { sum: l.sum }\n", { cycles: 3 });
    const twice = textOf(once, { from: "l2[1]", sets: ["up.at=2"] });
    expect(linkLines(graphOf(twice))).toEqual([
      "first",
      "l[1].up < from first.metrics",
      "l[2].up < from l[1].up.metrics",
      "l2[1].up < from l[2].up.metrics",
      "l3[1].up < from l2[1].up.metrics",
      "l3[2].up < from l3[1].up.metrics",
    ]);
    expect(twice).toContain("outputs: { sum: l3.sum }");
  });

  it("reaches steps of a loop in the loop, and nested settings", () => {
    const yaml = counting("").replace(
      "up: { uses: count, in: { from: sum } }",
      "up: { repeat: 2, carry: { s: sum }, steps: { one: { uses: count, in: { from: s } } }, next: { s: one } }",
    );
    const after = graphOf(textOf(yaml.replace("sum: up", "sum: up.s"), { from: "l[1]", sets: ["up.one.at=5"] }));
    expect(settingsOf(after, "l2[3].up[2].one")).toMatchObject({ at: 5 });
    expect(settingsOf(after, "l[1].up[2].one")).toMatchObject({ at: 0 });
  });

  it("takes parameters and the seed by --set into the new file", () => {
    const { text, kept, further, notes } = Result.getOrThrow(
      branched(transencoder, { sets: ["cycles=5", "seed=7"], from: "distil[last]", cycles: 2 }),
    );
    expect([kept, further]).toEqual([5, 2]);
    expect(text).toContain("seed: 7\n");
    expect(text).toContain("params:\n  cycles: 5\n");
    expect(notes).toEqual(["nothing uses the parameter `cycles` any more: the loops say their cycles themselves"]);
  });

  it("notes where the number of the cycle is used", () => {
    const yaml = counting("").replace("{ from: sum } }", '{ from: sum }, with: { at: "${cycle}" } }');
    const { notes } = Result.getOrThrow(branched(yaml, { from: "l[2]" }));
    expect(notes).toEqual(["l2 counts its cycles from 1: `${cycle}` is 1 in its first, where l had 3"]);
  });
});

describe("a branch in another folder", () => {
  it("reads the same files", () => {
    const yaml = transencoder
      .replace("  cycles: 3", "  cycles: 3\n  root: data\n  lists: [data/a.tsv, /abs/b.tsv]\n  name: x")
      .replace("path: data/*.txt", 'path: "${params.root}/*.txt"')
      .replace("path: data/pairs.tsv", 'path: "${params.lists}"')
      .replace("outputs:", '  more: { uses: read-pairs, with: { path: ["data/${params.name}.tsv", "../up.tsv"] } }\noutputs:'); // prettier-ignore
    const before = graphOf(yaml);
    const text = textOf(yaml, { to: "sub/new.yaml" });
    writeFileSync(join(workingFolder, "sub/new.yaml"), text);
    const after = graphOf(yaml, { file: "sub/new.yaml" });
    const old = patterns(before);
    for (const [id, paths] of patterns(after)) if (old.has(id)) expect([id, paths]).toEqual([id, old.get(id)]);
    expect(text).toContain("source: ../models/tiny");
    expect(text).toContain("root: ../data\n  lists: [../data/a.tsv, /abs/b.tsv]");
    expect(text).toContain('"../data/${params.name}.tsv", "../../up.tsv"');
  });

  it("takes paths of --set from the working directory", () => {
    const yaml = transencoder.replace("  cycles: 3", "  cycles: 3\n  root: data").replace("data/*.txt", '"${params.root}/*.txt"'); // prettier-ignore
    const text = textOf(yaml, { to: "sub/new.yaml", sets: ["root=here"] });
    expect(text).toContain("root: ../here");
  });

  it("finds the schema that its first line names", () => {
    const text = textOf(`# yaml-language-server: $schema=pipeline.schema.json\n${transencoder}`, {
      to: "sub/new.yaml",
    });
    expect(text).toContain("# yaml-language-server: $schema=../pipeline.schema.json\n");
  });
});

describe("mistakes of branch", () => {
  it.each([
    ["--from distll[2]: error: there is no loop `distll`\n  hint: did you mean `distil`?", { from: "distll[2]" }],
    ["--from bi0[1]: error: `bi0` is a step, not a loop\n  hint: loops: distil", { from: "bi0[1]" }],
    ["--from distil: error: `distil` names no cycle\n  hint: write --from 'distil[2]'", { from: "distil" }],
    ["--from distil[x]: error: `distil[x]` names no cycle\n  hint: write --from 'distil[2]'", { from: "distil[x]" }],
    ["--from distil[2].student: error: a branch goes on from a whole cycle\n  hint: write --from 'distil[2]'", { from: "distil[2].student" }], // prettier-ignore
    ["--from distil[4]: error: loop `distil` has no cycle 4\n  hint: its cycles are 1 to 3", { from: "distil[4]" }],
    ["--from distil[0]: error: loop `distil` has no cycle 0\n  hint: its cycles are 1 to 3", { from: "distil[0]" }],
    ["--from distil[3]: error: loop `distil` has 3 cycles, so none is left after cycle 3\n  hint: say how many the branch has: --cycles 1", { from: "distil[3]" }], // prettier-ignore
    ["--set studnet.learningRate=1: error: there is no step `studnet` in loop `distil`\n  hint: did you mean `student`?", { sets: ["studnet.learningRate=1"] }], // prettier-ignore
    ["--set student.learningrate=1: error: stage `train-bi-encoder` has no setting `learningrate`\n  hint: did you mean `learningRate`?", { sets: ["student.learningrate=1"] }], // prettier-ignore
    ["--set student.learningRate=-1: error: `learningRate` must be a number greater than 0, not the number -1\n  hint: learningRate: peak rate of AdamW, above 0", { sets: ["student.learningRate=-1"] }], // prettier-ignore
    ["--set bi0.batchSize=1: error: there is no step `bi0` in loop `distil`\n  hint: its steps: labels, cross, scores, student, studentEval", { sets: ["bi0.batchSize=1"] }], // prettier-ignore
    ["--set cycels=1: error: there is no parameter `cycels`\n  hint: did you mean `cycles`?", { sets: ["cycels=1"] }],
  ])("%s", (message, request) => {
    expect(mistakesOf(request)).toBe(`${message}\n\n1 error\n`);
  });

  it("come all at once", () => {
    const text = mistakesOf({ sets: ["studnet.learningRate=1", "student.epcohs", "labels.x.y=1"] });
    expect(text).toContain("there is no step `studnet`");
    expect(text).toContain("`--set`");
  });

  it("name a link that the branch cannot follow, in its place", () => {
    const yaml = counting('  fourth: { uses: count, in: { from: "l[4].up" } }\n');
    expect(mistakesOf({ from: "l[2]", cycles: 1 }, yaml)).toBe(
      `base.yaml:10:38: error: the link \`l[4].up\` names a cycle that the branch does not have: \`l2\` has 1 cycle
  10 |   fourth: { uses: count, in: { from: "l[4].up" } }
     |                                      ^^^^^^^^^
  hint: make it longer: --cycles 2

1 error
`,
    );
  });
});
