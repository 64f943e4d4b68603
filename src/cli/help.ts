/** The help texts, made from the table of commands. */
import { renderTable } from "../log/table.ts";
import { type Command, usageLine } from "./commandLine.ts";

export function overview(commands: ReadonlyArray<Command>): string {
  return [
    "pipeline: trains sentence encoders without labels, from a declarative file",
    "",
    "usage: pipeline COMMAND [ARGUMENT…] [OPTION…]",
    "",
    ...indent(rows(commands.map((command) => [command.name, command.summary]))),
    "",
    "pipeline COMMAND --help explains a command, pipeline --version prints the version.",
    "Exit codes: 0 done · 1 a step failed · 2 invalid file or arguments · 3 the cache or the disk failed ·",
    "            4 a check said no · 130 interrupted (the same command resumes)",
    "",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const operands = command.operands.map(({ name, description }) => [name, description]);
  const options = command.options.map((option) => [
    `--${option.name}${option.value === undefined ? "" : ` ${option.choices?.join("|") ?? option.value}`}`,
    option.description + (option.repeated === true ? "; may be repeated" : ""),
  ]);
  return [
    `usage: ${usageLine(command)}`,
    "",
    `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    ...section("Arguments", rows(operands)),
    ...section("Options", rows(options)),
    ...section(
      "Examples",
      (command.examples ?? []).map((example) => `pipeline ${example}`),
    ),
    "",
  ].join("\n");
}

const section = (title: string, lines: ReadonlyArray<string>) =>
  lines.length === 0 ? [] : ["", title, ...indent(lines)];
const indent = (lines: ReadonlyArray<string>) => lines.map((line) => `  ${line}`);
const rows = (cells: ReadonlyArray<ReadonlyArray<string>>) => renderTable([{ title: "" }, { title: "" }], cells);
