/** Reads what the instances of a step share: its settings and its terms, once for each cycle and cell whose values they name. */
import type { StepDeclaration } from "./declarations.ts";
import { dependsOn, type Surroundings } from "./expression.ts";
import { surroundingsIn, type Scope, type StepInstance } from "./instances.ts";
import type { Arguments, Override } from "./params.ts";
import type { Folders } from "./pathFields.ts";
import { readTerms, type StepTerms } from "./readTerms.ts";
import type { Reporter } from "./Reporter.ts";
import { readStepConfig, type StepConfig } from "./stepConfig.ts";
import type { YamlNode } from "./YamlNode.ts";

interface Reading {
  readonly given: Arguments;
  readonly env: Surroundings["env"];
  readonly folders: Folders;
  readonly reporter: Reporter;
}

/** What is read for a step: undefined where it is wrong, which was reported. */
type PerStep<A> = (step: StepInstance) => A | undefined;

/** Of each step its settings, and its terms. */
export interface StepReaders {
  readonly config: PerStep<StepConfig>;
  readonly terms: PerStep<StepTerms>;
}

export function stepReaders({ given, env, folders, reporter }: Reading): StepReaders {
  const around = (scope: Scope) => surroundingsIn(scope, { params: given.params, env });
  const overriding = (kind: "settings" | "terms", declaration: StepDeclaration) =>
    given.overrides[kind].get(declaration.decides?.readAs ?? declaration) ?? [];
  return {
    config: oncePerPlace("settings", ({ declaration, scope }) => {
      const { stage } = declaration;
      if (stage === undefined || !declaration.hasReadableSettings) return undefined;
      // That of a decision is in its declaration: it is a link, too.
      const isLeft = ({ path }: Override) => declaration.decides === undefined || path[0] !== "metric";
      const overrides = overriding("settings", declaration).filter(isLeft);
      return readStepConfig({ ...declaration, stage }, overrides, around(scope), folders, reporter);
    }),
    terms: oncePerPlace("terms", ({ declaration, scope }) =>
      readTerms(declaration, overriding("terms", declaration), around(scope), reporter),
    ),
  };
}

/** Read once for a declared step, or once for each cycle and cell whose values it names. */
function oncePerPlace<A>(part: "settings" | "terms", read: PerStep<A>): PerStep<A> {
  interface Places {
    readonly placeOf: (scope: Scope) => string;
    readonly byPlace: Map<string, A | undefined>;
  }
  const all = new Map<StepDeclaration, Places>();
  return (step) => {
    const { declaration, scope } = step;
    let known = all.get(declaration);
    if (known === undefined) {
      known = { placeOf: placeFor(declaration[part]), byPlace: new Map() };
      all.set(declaration, known);
    }
    const place = known.placeOf(scope);
    if (!known.byPlace.has(place)) known.byPlace.set(place, read(step));
    return known.byPlace.get(place);
  };
}

/** Scopes of one place have the same values. */
function placeFor(node: YamlNode | undefined): (scope: Scope) => string {
  const byCycle = node !== undefined && dependsOn("cycle", node);
  const byCell = node !== undefined && dependsOn("matrix", node);
  return ({ cycle, matrix }) => `${byCycle ? cycle : ""}\n${byCell ? JSON.stringify([...matrix]) : ""}`;
}
