/** The text itself: syntax, duplicate keys, anchors and merges, files that are none. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { graphOf, linkLines, load, mistakesOf, workingFolder } from "./fakeStages.ts";

const message = (text: string, request = {}) => mistakesOf(text, request).replaceAll(/\n .*\|.*/g, "");
const firstLine = (text: string, request = {}) => mistakesOf(text, request).split("\n")[0];

describe("the text", () => {
  it("with a slip of syntax gives one message at its place", () => {
    expect(mistakesOf("steps:\n  a: { uses: count\n  b: { uses: count }\n")).toBe(
      `x.yaml:3:3: error: this is not valid YAML: the \`{\` before this is not closed by \`}\`
  3 |   b: { uses: count }
    |   ^

1 error
`,
    );
    expect(firstLine("steps:\n\ta: 1\n")).toBe(
      "x.yaml:2:1: error: this is not valid YAML: a tab indents this line; YAML wants spaces",
    );
    expect(firstLine("steps: 'a\n")).toContain("this is not valid YAML: this quote is never closed");
    expect(firstLine("a: 1\n---\nb: 2\n")).toContain(
      "a second document (`---`) begins here; a pipeline file holds one",
    );
    expect(firstLine("steps: !mine { a: 1 }\n")).toContain("this is not valid YAML: unresolved tag: !mine");
  });

  it("asks for quotes where a bare expression stands in braces", () => {
    expect(message("steps: { a: { uses: count, with: { at: ${params.x} } } }\n")).toContain(
      'hint: put quotes around the expression: "${…}"',
    );
  });

  it("with a key twice names both places", () => {
    const text = "steps:\n  a: { uses: count }\n  a: { uses: count }\n";
    expect(message(text)).toBe(`x.yaml:3:3: error: the key \`a\` stands here twice
  hint: first on line 2

1 error
`);
  });

  it("that is empty, a list or a scalar is no pipeline", () => {
    expect(firstLine("")).toBe("x.yaml:1:1: error: the pipeline file is empty");
    expect(firstLine("# nothing\n")).toBe("x.yaml:1:1: error: the pipeline file is empty");
    expect(firstLine("- a\n")).toBe(
      "x.yaml:1:1: error: the pipeline must be a mapping of name, seed, params, steps, outputs, extends",
    );
    expect(firstLine("hello")).toBe(
      "x.yaml:1:1: error: the pipeline must be a mapping of name, seed, params, steps, outputs, extends",
    );
    expect(firstLine("name: x\n")).toBe("x.yaml:1:1: error: the pipeline has no `steps`");
    expect(firstLine("steps:\n")).toBe("x.yaml:1:1: error: the pipeline has no `steps`");
    expect(firstLine("steps: {}\n")).toBe("x.yaml:1:1: error: the pipeline has no steps");
  });

  it("has steps that are mappings with plain names", () => {
    expect(message("steps:\n  a: count\n  b:\n  c.d: { uses: count }\n")).toBe(
      `x.yaml:2:6: error: step \`a\` must be a mapping of uses, in, with, seed, matrix, timeout, retry, resources, pin

x.yaml:3:3: error: step \`b\` must be a mapping of uses, in, with, seed, matrix, timeout, retry, resources, pin

x.yaml:4:3: error: \`c.d\` cannot be the name of a step
  hint: letters, digits, \`_\` and \`-\`, beginning with a letter or \`_\`

3 errors
`,
    );
  });

  it("holds numbers that can be kept", () => {
    const text =
      "steps:\n  a: { uses: count, with: { at: 12345678901234567890 } }\n  b: { uses: count, with: { at: .inf } }\n";
    expect(message(text)).toBe(`x.yaml:2:33: error: 12345678901234567890 is too large to be kept exactly

x.yaml:3:33: error: .inf is not a number to work with

2 errors
`);
  });
});

describe("anchors", () => {
  it("share settings, and merges let own keys win", () => {
    const graph = graphOf(`steps:
  a: &first { uses: count, with: &settings { at: 1, label: one } }
  b: { uses: count, with: *settings }
  c: { <<: *first, in: { from: a } }
  d: { uses: count, with: { <<: [*settings, { at: 5 }], label: two } }
`);
    expect(graph.steps.map((step) => step.encodedConfig)).toEqual([
      { at: 1, label: "one" },
      { at: 1, label: "one" },
      { at: 1, label: "one" },
      { at: 1, label: "two" },
    ]);
    expect(linkLines(graph)[2]).toBe("c < from a.metrics");
  });

  it("show a mistake where they are used", () => {
    const text = `steps:
  a: { uses: count, with: &settings { at: 1 } }
  b: { uses: read-sentences, with: *settings }
`;
    expect(message(text)).toBe(`x.yaml:3:3: error: step \`b\` lacks the setting \`path\`
  hint: path: text files, one sentence a line

x.yaml:3:36: error: stage \`read-sentences\` has no setting \`at\`
  hint: its settings: path

2 errors
`);
  });

  it("that are not there, contain themselves, or multiply without end are refused", () => {
    expect(firstLine("steps: { a: *nothing }\n")).toContain("nothing");
    expect(firstLine("steps: &a { b: *a }\n")).toBe("x.yaml:1:16: error: `*a` stands inside its own anchor");
    const lines = Array.from(
      { length: 12 },
      (_, at) => `  l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`).join(", ")}]`,
    );
    expect(firstLine(`params:\n  l0: &l0 [x]\n${lines.join("\n")}\nsteps: {}\n`)).toBe(
      "x.yaml:1:1: error: the file's aliases unfold into more than 200,000 values",
    );
    expect(message("params: { a: &a [*a] }\nsteps: { b: { uses: count } }\n")).toContain(
      "x.yaml:1:18: error: `*a` stands inside its own anchor",
    );
    expect(firstLine(`params: ${"[".repeat(50_000)}`)).toContain("nested too deeply");
  });
});

const rendered = (file: string) => load("", { file }).text;

describe("a file", () => {
  it("that is not there, a folder, too large or not UTF-8 is named", () => {
    expect(rendered("nothing.yaml")).toBe(
      `nothing.yaml: error: there is no such pipeline file
  hint: give the path of a YAML file, for example \`pipelines/transencoder.yaml\`

1 error
`,
    );
    mkdirSync(join(workingFolder, "folder.yaml"), { recursive: true });
    expect(rendered("folder.yaml")).toContain("folder.yaml: error: this is a folder, not a pipeline file");
    writeFileSync(join(workingFolder, "large.yaml"), "#".repeat(10_000_001));
    expect(rendered("large.yaml")).toContain(
      "large.yaml: error: this file has 10.0 MB; a pipeline file has at most 10 MB",
    );
    writeFileSync(join(workingFolder, "latin.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
    expect(rendered("latin.yaml")).toContain("latin.yaml: error: this file is not UTF-8 text");
  });

  it("gives its name to the pipeline, unless it has one", () => {
    expect(graphOf("steps: { a: { uses: count } }\n").name).toBe("x");
    expect(graphOf("name: mine\nsteps: { a: { uses: count } }\n").name).toBe("mine");
    expect(graphOf("steps: { a: { uses: count } }\n").steps[0]!.location).toEqual({
      file: "x.yaml",
      line: 1,
      column: 10,
    });
  });

  it("may begin with a byte order mark and end its lines as Windows does", () => {
    const text = "\ufeffsteps:\r\n  a: { uses: count }\r\n  b: { uses: cont }\r\n";
    expect(mistakesOf(text)).toBe(`x.yaml:3:14: error: there is no stage \`cont\`
  3 |   b: { uses: cont }
    |              ^^^^
  hint: did you mean \`count\`?

1 error
`);
  });
});
