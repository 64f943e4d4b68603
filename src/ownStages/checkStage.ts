/** What is wrong with a stage's default export: all of it, in sentences that go on from "stage `./my-stage.ts` ". */
import * as Schema from "effect/Schema";
import { either, listed, quoted } from "../core/suggest.ts";

export interface Mistake {
  readonly message: string;
  readonly hint?: string;
}

type Unknown = { readonly [key: string]: unknown };

/** @param builtIn names that are taken */
export function mistakesOf(stage: unknown, builtIn: ReadonlySet<string>): ReadonlyArray<Mistake> {
  if (!isObject(stage)) return [{ message: `exports by default what is no stage (${kindOf(stage)})`, hint: howTo }];
  const missing = ["name", "config", "inputs", "outputs", "run"].filter((key) => stage[key] === undefined);
  if (missing.length > 0)
    return [{ message: `exports by default what is no stage: it has no ${listed(missing)}`, hint: howTo }];
  return [
    ...nameMistakes(stage["name"], builtIn),
    ...versionMistakes(stage["version"]),
    ...configMistakes(stage["config"]),
    ...portMistakes("input", stage["inputs"], inputMistake),
    ...portMistakes("output", stage["outputs"], (port) => outputMistake(port, stage["inputs"])),
    ...runMistakes(stage),
  ];
}

const howTo = "end the file with `export default defineStage({ name, config, inputs, outputs, run })`";

function nameMistakes(name: unknown, builtIn: ReadonlySet<string>): ReadonlyArray<Mistake> {
  if (typeof name !== "string" || !/^[A-Za-z][\w-]*$/.test(name))
    return [
      {
        message: `has the name ${shown(name)}`,
        hint: "a name has letters, digits, `-` and `_`, and begins with a letter",
      },
    ];
  return builtIn.has(name)
    ? [{ message: `has the name of a stage that there is already, ${quoted(name)}`, hint: "give it another `name`" }]
    : [];
}

const versionMistakes = (version: unknown): ReadonlyArray<Mistake> =>
  Number.isSafeInteger(version) && (version as number) >= 0
    ? []
    : [{ message: `has the version ${shown(version)}`, hint: "a version is an integer from 0; left out, it is 1" }];

function configMistakes(config: unknown): ReadonlyArray<Mistake> {
  const hint =
    "write `config: Schema.Struct({ … })` with Schema of this package; without settings, `Schema.Struct({})`";
  if (!Schema.isSchema(config)) return [{ message: `has a \`config\` that is no schema (${kindOf(config)})`, hint }];
  // A filter or a default around the struct is part of the same node.
  return config.ast._tag === "Objects" ? [] : [{ message: "has a `config` that is no mapping of settings", hint }];
}

function portMistakes(
  what: "input" | "output",
  ports: unknown,
  mistakeOf: (port: Unknown) => string | undefined,
): ReadonlyArray<Mistake> {
  if (!isObject(ports)) return [{ message: `has \`${what}s\` that are no mapping of ports (${kindOf(ports)})` }];
  const names = Object.keys(ports);
  if (what === "output" && names.length === 0)
    return [{ message: "has no outputs", hint: "a stage gives at least one" }];
  return names.flatMap((name) => {
    if (!/^[A-Za-z_][\w-]*$/.test(name))
      return [{ message: `has an ${what} port named ${shown(name)}, which no link can spell` }];
    const port = ports[name];
    const mistake = isObject(port) ? mistakeOf(port) : `is no port (${kindOf(port)})`;
    if (mistake === undefined) return [];
    const example = what === "output" ? 'output(Sentences, "what it gives")' : 'input(Sentences, "what it takes")';
    return [
      { message: `has an ${what} port ${quoted(name)} that ${mistake}`, hint: `for example \`${name}: ${example}\`` },
    ];
  });
}

const inputMistake = ({ types }: Unknown): string | undefined =>
  Array.isArray(types) && types.length > 0 && types.every(isArtifactType) ? undefined : "takes no artifact type";

function outputMistake({ type }: Unknown, inputs: unknown): string | undefined {
  if (typeof type === "function" || isArtifactType(type)) return undefined;
  if (!isObject(type) || typeof type["sameAs"] !== "string") return "gives no artifact type";
  const names = isObject(inputs) ? Object.keys(inputs) : [];
  return names.includes(type["sameAs"])
    ? undefined
    : `gives the same as input ${quoted(type["sameAs"])}, which there is not (${names.length === 0 ? "it has none" : either(names)})`;
}

const isArtifactType = (type: unknown): boolean =>
  isObject(type) &&
  typeof type["name"] === "string" &&
  typeof type["encode"] === "function" &&
  typeof type["decode"] === "function";

function runMistakes({ run, runsIn, usesEngine }: Unknown): ReadonlyArray<Mistake> {
  const found: Array<Mistake> = [];
  if (typeof run !== "function") found.push({ message: `has a \`run\` that is no function (${kindOf(run)})` });
  if (runsIn !== "driver" && runsIn !== "worker")
    found.push({
      message: `runs in ${shown(runsIn)}`,
      hint: "`runsIn` is `worker` (left out, too) or, for what takes no time, `driver`",
    });
  else if (runsIn === "driver" && usesEngine === true)
    found.push({
      message: "uses the engine in the driver",
      hint: "what uses the engine runs in a worker: leave `runsIn` out",
    });
  return found;
}

const isObject = (value: unknown): value is Unknown => typeof value === "object" && value !== null;

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
};

const shown = (value: unknown): string => (typeof value === "string" ? quoted(value) : String(value));
