import { describe, expect, it } from "vitest";
import { numberOf, readCommandLine, UsageError, usageLine, valueOf, valuesOf } from "../../src/cli/commandLine.ts";
import { commands } from "../../src/cli/commands.ts";
import { commandHelp, overview } from "../../src/cli/help.ts";
import { listed } from "../../src/core/suggest.ts";

const read = (...args: ReadonlyArray<string>) => readCommandLine(commands, args);

/** What the user sees of a mistake. */
function mistake(...args: ReadonlyArray<string>): string {
  try {
    read(...args);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} | ${error.hint}`;
    throw error;
  }
  throw new Error("no mistake was found");
}

describe("the command line", () => {
  it("reads operands, switches, values and repeated values in any order", () => {
    const request = read("run", "--set", "cycles=5", "a.yaml", "--jobs=3", "--keep-going", "--set=seed=7");
    if (request.kind !== "command") throw new Error(request.kind);
    const { invocation } = request;
    expect(request.command.name).toBe("run");
    expect(invocation.operands).toEqual(["a.yaml"]);
    expect([...invocation.switches]).toEqual(["keep-going"]);
    expect(valuesOf(invocation, "set")).toEqual(["cycles=5", "seed=7"]);
    expect(numberOf(invocation, "jobs")).toBe(3);
    expect(valueOf(invocation, "cache")).toBeUndefined();
  });

  it("takes everything after -- as operands", () => {
    const request = read("run", "--", "--odd.yaml");
    expect(request).toMatchObject({ kind: "command", invocation: { operands: ["--odd.yaml"] } });
  });

  it("gives a command that takes several texts all of them", () => {
    const request = read("encode", "model", "one", "--json", "two", "--", "--three");
    expect(request).toMatchObject({ invocation: { operands: ["model", "one", "two", "--three"] } });
    expect(read("encode", "model")).toMatchObject({ invocation: { operands: ["model"] } });
    const encode = commands.find(({ name }) => name === "encode")!;
    expect(usageLine(encode)).toMatch(/^pipeline encode MODEL \[TEXT…\] \[--set NAME=VALUE\]…/);
  });

  it("knows help and version wherever people write them", () => {
    expect(read()).toEqual({ kind: "help", command: undefined });
    expect(read("--help").kind).toBe("help");
    expect(read("--version").kind).toBe("version");
    expect(read("help", "run")).toMatchObject({ kind: "help", command: { name: "run" } });
    expect(read("run", "a.yaml", "--help")).toMatchObject({ kind: "help", command: { name: "run" } });
  });

  it("answers a mistake with one sentence and what to do", () => {
    expect(mistake("rnu")).toBe("there is no command `rnu` | did you mean `run`?");
    expect(mistake("frobnicate")).toBe(
      `there is no command \`frobnicate\` | commands: ${listed(commands.map(({ name }) => name))}`,
    );
    expect(mistake("--json")).toMatch(/^the command comes first, before --json \| commands: run, plan/);
    expect(mistake("encode", "model", "-5 degrees")).toBe(
      "`encode` has no option `-5 degrees` | what begins with a dash and is no option goes after `--`",
    );
    expect(mistake("run", "a.yaml", "--unitl", "x")).toBe("`run` has no option `--unitl` | did you mean `--until`?");
    expect(mistake("run", "a.yaml", "--jobs", "many")).toBe(
      "--jobs cannot be `many` | it is a whole number of at least 1",
    );
    expect(mistake("run", "a.yaml", "--jobs", "0")).toMatch(/^--jobs cannot be `0`/);
    expect(mistake("graph", "a.yaml", "--format", "mermiad")).toBe(
      "--format cannot be `mermiad` | did you mean `mermaid`?",
    );
    expect(mistake("graph", "a.yaml", "--format", "png")).toBe(
      "--format cannot be `png` | it takes one of: tree, mermaid, dot, svg",
    );
    expect(mistake("run", "a.yaml", "--cache")).toBe("--cache needs a value: --cache DIR | " + usageHint("run"));
    expect(mistake("run", "a.yaml", "--cache", "--json")).toMatch(/^--cache needs a value/);
    expect(mistake("run", "a.yaml", "--cache=a", "--cache=b")).toBe("--cache is given twice | keep one of them");
    expect(mistake("run", "a.yaml", "--json=yes")).toMatch(/^--json takes no value/);
    expect(mistake("run")).toBe("`run` needs FILE | " + usageHint("run"));
    expect(mistake("why", "a.yaml")).toBe(
      "`why` needs STEP | usage: pipeline why FILE STEP [--set NAME=VALUE]… [--engine onnx|tensorflow|cpu] [--device DEVICE] [--cache DIR] [--json]",
    );
    expect(mistake("schema", "a.yaml")).toBe("`schema` does not take `a.yaml` | usage: pipeline schema");
  });

  it("does not take a name that objects inherit for an option or a command", () => {
    expect(mistake("constructor")).toMatch(/^there is no command/);
    expect(mistake("run", "a.yaml", "--toString")).toMatch(/has no option/);
  });
});

const usageHint = (name: string) => `usage: ${usageLine(commands.find((command) => command.name === name)!)}`;

describe("help", () => {
  it("lists every command", () => {
    const text = overview(commands);
    for (const { name, summary } of commands)
      expect(text).toMatch(new RegExp(`  ${name} +${summary.replaceAll("?", "\\?")}`));
  });

  it("explains a command with its arguments, options and examples", () => {
    expect(commandHelp(commands.find((command) => command.name === "show")!)).toBe(
      `usage: pipeline show FILE STEP[.PORT] [--set NAME=VALUE]… [--head N] [--format table|json|csv|arrow|svg] [--to PATH] [--engine onnx|tensorflow|cpu] [--device DEVICE] [--cache DIR]

Look into an artifact.

Arguments
  FILE         the pipeline file (YAML)
  STEP[.PORT]  a step; without a port, its main output

Options
  --set NAME=VALUE                   overrides a parameter of the file, its seed, or a step's setting, such as bi0.batchSize (also PIPELINE_SET_NAME in the environment); may be repeated
  --head N                           the first N rows; default: 20 for a table, else all
  --format table|json|csv|arrow|svg  default: what --to ends in, else table; svg: of a figure
  --to PATH                          write to a file instead of stdout
  --engine onnx|tensorflow|cpu       what computes (also PIPELINE_ENGINE), part of keys; default: onnx
  --device DEVICE                    what it computes on: cpu, cuda, cuda:1, webgpu… (also PIPELINE_DEVICE); default: cpu
  --cache DIR                        the cache folder (also PIPELINE_CACHE); default: cache/ beside the nearest package.json or pipeline file

Examples
  pipeline show pipelines/transencoder.yaml pairs --head 5
  pipeline show pipelines/transencoder.yaml bi0.curve --format csv
  pipeline show pipelines/compare-methods.yaml compare.figure --to methods.svg
`,
    );
  });
});
