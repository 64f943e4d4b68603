/** What is said of a link that names nothing: one function a mistake, each with what there is instead. */
import { mainPort } from "../core/Stage.ts";
import type { LinkSyntax, Segment } from "./linkSyntax.ts";
import type { Reporter, Span } from "./Reporter.ts";
import { counted, listed, nameHint, quoted } from "../core/suggest.ts";
import type { LoopInstance, MatrixInstance, Scope, StepInstance } from "./instances.ts";

/** A link as it stands in one place of the unrolled pipeline. */
export interface Site {
  readonly link: LinkSyntax;
  readonly span: Span;
}

export interface LinkMistakes {
  readonly unknownName: (site: Site, scope: Scope) => undefined;
  readonly partOfCarried: (site: Site, name: string) => undefined;
  readonly cellOfNone: (site: Site, member: StepInstance | LoopInstance) => undefined;
  readonly noSuchCell: (site: Site, matrix: MatrixInstance) => undefined;
  readonly openCell: (site: Site, matrix: MatrixInstance) => undefined;
  readonly secondSelector: (site: Site, loop: LoopInstance) => undefined;
  readonly cycleOfStep: (site: Site, step: StepInstance, rest: ReadonlyArray<Segment>) => undefined;
  readonly afterPort: (site: Site) => undefined;
  readonly unknownPort: (site: Site, step: StepInstance, wanted: string | undefined) => undefined;
  readonly ownLoop: (site: Site, loop: LoopInstance, next: Segment | undefined) => undefined;
  readonly wholeLoop: (site: Site, loop: LoopInstance) => undefined;
  readonly stepWithoutCycle: (site: Site, loop: LoopInstance, rest: ReadonlyArray<Segment>) => undefined;
  readonly unknownCarried: (site: Site, loop: LoopInstance, name: string) => undefined;
  readonly wholeCycle: (site: Site, loop: LoopInstance) => undefined;
  readonly unknownInBody: (site: Site, loop: LoopInstance, name: string) => undefined;
  readonly noSuchCycle: (site: Site, loop: LoopInstance, cycle: number) => undefined;
  readonly noLastCycle: (site: Site, loop: LoopInstance, name: string) => undefined;
  readonly circularCarry: (site: Site, loop: LoopInstance) => undefined;
  readonly listCarried: (span: Span, name: string) => undefined;
}

export function makeLinkMistakes(reporter: Reporter): LinkMistakes {
  const say = (span: Span, message: string, hint?: string, rule?: string): undefined =>
    void reporter.report(span, message, hint, rule);
  return {
    unknownName: ({ span, link }, scope) => {
      const { name } = link.segments[0];
      return say(span, `there is no step ${quoted(name)} here`, nameHint(name, namesIn(scope), "names here"));
    },
    partOfCarried: ({ span, link }, name) => {
      const message = `${quoted(name)} is a carried value, one output; ${quoted(link.text)} asks for a part of it`;
      return say(span, message, `write ${quoted(name)}`);
    },
    cellOfNone: ({ span, link }, { kind, declaration: { name } }) =>
      say(span, `${quoted(link.text)} names a cell, and ${kind} ${quoted(name)} has no matrix`, "take the cell out"),
    noSuchCell: ({ span, link }, matrix) => {
      const message = `${quoted(link.text)} names no cell of ${quoted(matrix.declaration.name)}`;
      return say(span, message, cellsHint(matrix), "no such cell");
    },
    openCell: ({ span, link }, matrix) => {
      const { kind, name } = matrix.declaration;
      const message = `${quoted(link.text)} does not say which cell: ${kind} ${quoted(name)} has a matrix`;
      return say(span, message, cellsHint(matrix), "open cell");
    },
    secondSelector: ({ span, link }, { declaration: { name } }) =>
      say(span, `${quoted(link.text)} names two cycles of loop ${quoted(name)}`, "name one: `[2]`, `[last]` or `[*]`"),
    cycleOfStep: ({ span }, step, rest) => {
      const { name } = step.declaration;
      const plain = [name, ...rest.map((part) => part.name)].join(".");
      return say(span, `${quoted(name)} is a step, not a loop: it has no cycles`, `write ${quoted(plain)}`);
    },
    afterPort: ({ span, link }) =>
      say(span, `${quoted(link.text)} goes on after a port`, "after a step comes at most its port: `step.port`"),
    unknownPort: ({ span }, step, wanted) => say(span, ...unknownPort(step, wanted)),
    ownLoop: ({ span, link }, { declaration }, next) => {
      const isCarried = declaration.carry.some(({ name }) => name === next?.name);
      const general = "carry it: `carry` says what a name is in cycle 1, `next` in the following cycles";
      const inside = `${quoted(link.text)} stands inside loop ${quoted(declaration.name)}`;
      const message = `${inside}: a cycle sees the one before only through \`next\``;
      return say(span, message, isCarried ? `inside the loop write ${quoted(next!.name)}` : general);
    },
    wholeLoop: ({ span }, { declaration: { name, carry } }) => {
      const forms = [...carry.map((entry) => `${name}.${entry.name}`), `${name}[last].<step>`];
      return say(span, `${quoted(name)} is a loop, not an output`, `name one of its values: ${listed(forms)}`);
    },
    stepWithoutCycle: ({ span }, { declaration: { name } }, rest) => {
      const path = rest.map((part) => part.name).join(".");
      const [last, first, all] = ["last", "1", "*"].map((cycle) => quoted(`${name}[${cycle}].${path}`));
      const message = `${quoted(rest[0]!.name)} is a step of loop ${quoted(name)}, once in each cycle`;
      return say(span, message, `say which cycle: ${last}, ${first}, or ${all} for all`);
    },
    unknownCarried: ({ span }, { declaration }, name) => {
      const names = [...declaration.carry.map((entry) => entry.name), ...declaration.block.slotOf.keys()];
      const message = `loop ${quoted(declaration.name)} has no carried value ${quoted(name)}`;
      return say(span, message, nameHint(name, names, "its steps and carried values"));
    },
    wholeCycle: ({ span, link }, { declaration }) => {
      const steps = declaration.block.members.map((member) => member.name);
      return say(span, `${quoted(link.text)} names no step of the loop`, `its steps: ${listed(steps)}`);
    },
    unknownInBody: ({ span }, { declaration }, name) => {
      const isCarried = declaration.carry.some((entry) => entry.name === name);
      const after = `${quoted(name)} is a carried value; after the loop it is ${quoted(`${declaration.name}.${name}`)}`;
      const hint = isCarried ? after : nameHint(name, declaration.block.slotOf.keys(), "its steps");
      return say(span, `loop ${quoted(declaration.name)} has no step ${quoted(name)}`, hint);
    },
    noSuchCycle: ({ span, link }, { declaration, cycles }, cycle) => {
      const has = `loop ${quoted(declaration.name)} has ${counted(cycles!, "cycle")}`;
      const hint = cycle === 0 ? "cycles count from 1" : "`[last]` is the last one, however many there are";
      return say(span, `${quoted(link.text)}: ${has}, so there is no cycle ${cycle}`, hint, "no such cycle");
    },
    noLastCycle: ({ span, link }, { declaration }, name) => {
      const why = `loop ${quoted(declaration.name)} has no cycles, and ${quoted(name)} does not feed its \`next\``;
      return say(span, `${quoted(link.text)}: ${why}`, "with `repeat: 0` only what is carried in is there");
    },
    circularCarry: ({ span, link }, { declaration }) => {
      const message = `the carried values of loop ${quoted(declaration.name)} lead round in a circle through ${quoted(link.text)}`;
      return say(span, message, "`carry` must begin with a step outside the circle");
    },
    listCarried: (span, name) => say(span, `${quoted(name)} must be one output, and this link gives a list`),
  };
}

const cellsHint = ({ declaration: { name }, cells }: MatrixInstance): string => {
  const labels = [...cells.keys()].map((label) => quoted(`${name}[${label}]`));
  return `its cells: ${listed(labels, 8)}; ${quoted(`${name}[*]`)} is the list of all`;
};

function unknownPort(step: StepInstance, wanted: string | undefined): readonly [message: string, hint: string] {
  const { name } = step.declaration;
  const stage = step.declaration.stage!;
  const outputs = Object.keys(stage.outputs);
  if (wanted === undefined) {
    return [`stage ${quoted(stage.name)} of step ${quoted(name)} has no outputs`, "it cannot be linked to"];
  }
  const likely = nameHint(wanted, outputs, "output ports");
  const hint = likely.startsWith("did you mean") ? `${likely} output ports: ${listed(outputs)}` : likely;
  return [`step ${quoted(name)} (${stage.name}) has no output port ${quoted(wanted)}`, hint];
}

/** The port a link to a step takes: the one it names, else the stage's main port. */
export const wantedPort = (step: StepInstance, port: Segment | undefined): string | undefined =>
  port?.name ?? (mainPort(step.declaration.stage!) as string | undefined);

/** Every name a link in this scope may begin with, nearest first. */
function namesIn(scope: Scope): ReadonlyArray<string> {
  const names = new Set<string>();
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const name of at.block.slotOf.keys()) names.add(name);
    for (const { name } of at.loop?.declaration.carry ?? []) names.add(name);
  }
  return [...names];
}
