/**
 * Reads the command line against a table of commands: the one description from which parsing, help and completions all come.
 * Pure and light (no Effect): `--version`, `--help` and mistakes in the arguments answer before anything else is loaded.
 */
import { closest, nameHint } from "../core/suggest.ts";

export interface Option {
  /** Without the dashes. */
  readonly name: string;
  /** What the value is, as help shows it (`STEP`); absent: a switch. */
  readonly value?: string;
  readonly repeated?: boolean;
  /** The only values it takes. */
  readonly choices?: ReadonlyArray<string>;
  /** The value is a whole number of at least this. */
  readonly least?: number;
  readonly description: string;
}

export interface Operand {
  /** `FILE`, `STEP[.PORT]`. */
  readonly name: string;
  readonly optional?: boolean;
  /** Takes all that follow; only for the last one. */
  readonly repeated?: boolean;
  readonly description: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly operands: ReadonlyArray<Operand>;
  readonly options: ReadonlyArray<Option>;
  /** Lines of example commands, without `pipeline`. */
  readonly examples?: ReadonlyArray<string>;
  /** Brings the code of the command, which answers with an exit code. */
  readonly load: () => Promise<(invocation: Invocation) => Promise<number>>;
}

/** What was asked: operands in order, options by name. Values were checked against the table. */
export interface Invocation {
  readonly operands: ReadonlyArray<string>;
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, ReadonlyArray<string>>;
}

/** A mistake in the arguments: one sentence and what to do. Exit code 2. */
export class UsageError extends Error {
  readonly hint: string | undefined;
  /** The argument that names something: `pipelines/x.yaml`. */
  readonly place: string | undefined;
  constructor(message: string, hint?: string, place?: string) {
    super(message);
    this.hint = hint;
    this.place = place;
  }
}

export type Request =
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly command: Command | undefined }
  | { readonly kind: "command"; readonly command: Command; readonly invocation: Invocation };

export const isOn = (invocation: Invocation, name: string): boolean => invocation.switches.has(name);
export const valuesOf = (invocation: Invocation, name: string): ReadonlyArray<string> =>
  invocation.values.get(name) ?? [];
export const valueOf = (invocation: Invocation, name: string): string | undefined => valuesOf(invocation, name).at(-1);
export const numberOf = (invocation: Invocation, name: string): number | undefined => {
  const value = valueOf(invocation, name);
  return value === undefined ? undefined : Number(value);
};

/** Throws `UsageError`. */
export function readCommandLine(commands: ReadonlyArray<Command>, args: ReadonlyArray<string>): Request {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h") return { kind: "help", command: undefined };
  if (first === "--version" || first === "-V") return { kind: "version" };
  if (first === "help") return { kind: "help", command: rest[0] === undefined ? undefined : find(commands, rest[0]) };
  const command = find(commands, first);
  const end = rest.indexOf("--");
  const asked = end === -1 ? rest : rest.slice(0, end);
  if (asked.includes("--help") || asked.includes("-h")) return { kind: "help", command };
  return { kind: "command", command, invocation: readInvocation(command, rest) };
}

function find(commands: ReadonlyArray<Command>, name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  if (name.startsWith("-"))
    throw new UsageError(`the command comes first, before ${name}`, `commands: ${names.join(", ")}`);
  throw new UsageError(`there is no command \`${name}\``, nameHint(name, names, "commands"));
}

function readInvocation(command: Command, args: ReadonlyArray<string>): Invocation {
  const operands: Array<string> = [];
  const switches = new Set<string>();
  const values = new Map<string, Array<string>>();
  const queue = [...args];
  while (queue.length > 0) {
    const argument = queue.shift()!;
    if (argument === "--") operands.push(...queue.splice(0));
    else if (!argument.startsWith("-") || argument === "-") operands.push(argument);
    else readOption(command, argument, queue, switches, values);
  }
  checkOperands(command, operands);
  return { operands, switches, values };
}

function readOption(
  command: Command,
  argument: string,
  queue: Array<string>,
  switches: Set<string>,
  values: Map<string, Array<string>>,
): void {
  const equals = argument.indexOf("=");
  const written = equals === -1 ? argument : argument.slice(0, equals);
  const option = command.options.find(({ name }) => `--${name}` === written);
  if (option === undefined) throw unknownOption(command, written);
  const attached = equals === -1 ? undefined : argument.slice(equals + 1);
  if (option.value === undefined) {
    if (attached !== undefined) throw new UsageError(`${written} takes no value`, usageHint(command));
    switches.add(option.name);
    return;
  }
  const value = attached ?? queue.shift();
  if (value === undefined || (attached === undefined && value.startsWith("--"))) {
    throw new UsageError(`${written} needs a value: ${written} ${option.value}`, usageHint(command));
  }
  const earlier = values.get(option.name);
  if (earlier !== undefined && option.repeated !== true)
    throw new UsageError(`${written} is given twice`, `keep one of them`);
  checkValue(option, value);
  values.set(option.name, [...(earlier ?? []), value]);
}

function unknownOption(command: Command, written: string): UsageError {
  const near = closest(written, [...command.options.map((option) => `--${option.name}`), "--help"]);
  // Options have two dashes: with one it is more likely a text, or a number below zero.
  const other = written.startsWith("--")
    ? usageHint(command)
    : "what begins with a dash and is no option goes after `--`";
  const hint = near === undefined ? other : `did you mean \`${near}\`?`;
  return new UsageError(`\`${command.name}\` has no option \`${written}\``, hint);
}

function checkValue(option: Option, value: string): void {
  if (option.choices !== undefined && !option.choices.includes(value)) {
    throw new UsageError(`--${option.name} cannot be \`${value}\``, nameHint(value, option.choices, "it takes one of"));
  }
  if (option.least !== undefined && !(/^\d+$/.test(value) && Number(value) >= option.least)) {
    throw new UsageError(`--${option.name} cannot be \`${value}\``, `it is a whole number of at least ${option.least}`);
  }
}

function checkOperands(command: Command, operands: ReadonlyArray<string>): void {
  const lacking = command.operands.slice(operands.length).find((operand) => operand.optional !== true);
  if (lacking !== undefined) throw new UsageError(`\`${command.name}\` needs ${lacking.name}`, usageHint(command));
  if (command.operands.at(-1)?.repeated === true) return;
  const extra = operands[command.operands.length];
  if (extra !== undefined) throw new UsageError(`\`${command.name}\` does not take \`${extra}\``, usageHint(command));
}

const usageHint = (command: Command): string => `usage: ${usageLine(command)}`;

/** `pipeline show FILE STEP[.PORT] [--head N] [--json]` */
export function usageLine(command: Command): string {
  const operands = command.operands.map(({ name, optional, repeated }) => {
    const shown = repeated === true ? `${name}…` : name;
    return optional === true ? `[${shown}]` : shown;
  });
  const options = command.options.map((option) => {
    const value = option.value === undefined ? "" : ` ${option.choices?.join("|") ?? option.value}`;
    return `[--${option.name}${value}]${option.repeated === true ? "…" : ""}`;
  });
  return ["pipeline", command.name, ...operands, ...options].join(" ");
}
