/** `pipeline completions bash|zsh|fish`: scripts made from the table of commands, so that they never fall behind. */
import { type Command, type Invocation, type Option, UsageError } from "../commandLine.ts";
import { commands } from "../commands.ts";
import { nameHint } from "../../core/suggest.ts";
import { writeOut } from "../output.ts";

const shells: { readonly [shell: string]: (commands: ReadonlyArray<Command>) => string } = { bash, zsh, fish };

export async function completions(invocation: Invocation): Promise<number> {
  const shell = invocation.operands[0]!;
  const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (script === undefined) {
    throw new UsageError(`there are no completions for \`${shell}\``, nameHint(shell, Object.keys(shells), "shells"));
  }
  writeOut(script(commands));
  return 0;
}

const dashed = (option: Option) => `--${option.name}`;

function bash(all: ReadonlyArray<Command>): string {
  const cases = all.map((command) => {
    const words = [...command.options.map(dashed), "--help"].join(" ");
    return `    ${command.name}) words="${words}" ;;`;
  });
  const choices = choiceOptions(all).map(
    ([command, option]) => `    ${command.name}:--${option.name}) words="${option.choices!.join(" ")}" ;;`,
  );
  return `# pipeline completions for bash
_pipeline() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${all.map((command) => command.name).join(" ")} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}:$previous" in
    completions:completions) words="${Object.keys(shells).join(" ")}" ;;
${choices.join("\n")}
  esac
  if [ -z "$words" ] && [[ "$current" == -* ]]; then
    case "\${COMP_WORDS[1]}" in
${cases.map((line) => `  ${line}`).join("\n")}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _pipeline pipeline
`;
}

const choiceOptions = (all: ReadonlyArray<Command>): ReadonlyArray<readonly [Command, Option]> =>
  all.flatMap((command) =>
    command.options.filter((option) => option.choices !== undefined).map((option) => [command, option] as const),
  );

const zshQuote = (text: string) =>
  text.replaceAll("'", "'\\''").replaceAll(":", "\\:").replaceAll("[", "\\[").replaceAll("]", "\\]");

const zshOption = (option: Option) => {
  const action = option.choices === undefined ? "_files" : `(${option.choices.join(" ")})`;
  const value = option.value === undefined ? "" : `:${option.value.toLowerCase()}:${action}`;
  return `'${option.repeated === true ? "*" : ""}--${option.name}[${zshQuote(option.description)}]${value}'`;
};

function zsh(all: ReadonlyArray<Command>): string {
  const cases = all.map((command) => {
    const operands =
      command.name === "completions" ? [`'1:shell:(${Object.keys(shells).join(" ")})'`] : ["'*:file:_files'"];
    return `        ${command.name}) _arguments ${[...command.options.map(zshOption), ...operands].join(" ")} ;;`;
  });
  return `#compdef pipeline
_pipeline() {
  local -a commands=(
${all.map((command) => `    '${command.name}:${zshQuote(command.summary)}'`).join("\n")}
  )
  _arguments -C '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join("\n")}
      esac ;;
  esac
}
compdef _pipeline pipeline
`;
}

const fishQuote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fish(all: ReadonlyArray<Command>): string {
  const lines = all.flatMap((command) => [
    `complete -c pipeline -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuote(command.summary)}`,
    ...command.options.map((option) => {
      const choices = option.choices === undefined ? "" : ` -f -a ${fishQuote(option.choices.join(" "))}`;
      const value = option.value === undefined ? "" : ` -r${choices}`;
      const seen = `'__fish_seen_subcommand_from ${command.name}'`;
      return `complete -c pipeline -n ${seen} -l ${option.name}${value} -d ${fishQuote(option.description)}`;
    }),
  ]);
  const shellNames = Object.keys(shells).join(" ");
  return `# pipeline completions for fish\n${lines.join("\n")}\ncomplete -c pipeline -n '__fish_seen_subcommand_from completions' -f -a '${shellNames}'\n`;
}
