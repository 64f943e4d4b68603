/**
 * Resolves the links of the unrolled pipeline: from text to the outputs of instances, through carried values and cycles.
 *
 * Inside a loop's body a bare name is a step of the same cycle first, then a carried name, then what stands outside. Cycle
 * k + 1 sees cycle k only through `next`.
 */
import { CarriedValues } from "./CarriedValues.ts";
import { ofTheLastThatRan, ofThoseThatRan, type Condition } from "./conditional.ts";
import type { NamedLink } from "./declarations.ts";
import { evaluate, type Given } from "./expression.ts";
import { makeLinkMistakes, wantedPort, type LinkMistakes, type Site } from "./linkMistakes.ts";
import { isCellSelector, parseLink, type Segment } from "./linkSyntax.ts";
import { labelsOf } from "./matrix.ts";
import type { Reporter } from "./Reporter.ts";
import {
  surroundingsIn,
  type LoopInstance,
  type MatrixInstance,
  type Member,
  type Scope,
  type StepInstance,
} from "./instances.ts";
import type { ScalarNode } from "./YamlNode.ts";

/** An output of an instance. `port` is undefined where the stage is unknown, which was reported. */
export interface Target {
  readonly step: StepInstance;
  readonly port: string | undefined;
  /** Only of links to a loop that may stop: all have to hold, or `otherwise` is meant, or nothing. */
  readonly when?: ReadonlyArray<Condition>;
  readonly otherwise?: Target;
}

export interface Value {
  readonly isList: boolean;
  readonly targets: ReadonlyArray<Target>;
}

/** Undefined where the link is wrong, which was reported. */
export type Resolved = Value | undefined;

type Rest = ReadonlyArray<Segment>;
/** What the rest of a link is in a cycle. */
type Into = (scope: Scope) => Resolved;

export class LinkResolver {
  readonly carried: CarriedValues;
  private readonly parsed = new Map<string, ReturnType<typeof parseLink>>();
  private readonly given: Given;
  private readonly reporter: Reporter;
  private readonly mistakes: LinkMistakes;

  constructor(given: Given, reporter: Reporter) {
    this.given = given;
    this.reporter = reporter;
    this.mistakes = makeLinkMistakes(reporter);
    this.carried = new CarriedValues((link, scope) => this.resolve(link, scope), this.mistakes);
  }

  /** What a link written in a scope stands for. */
  resolve(link: NamedLink["link"], scope: Scope): Resolved {
    if (link === undefined) return undefined;
    if (!Array.isArray(link)) return this.one(link as ScalarNode, scope);
    const values: ReadonlyArray<Resolved> = (link as ReadonlyArray<ScalarNode>).map((item) => this.one(item, scope));
    return areKnown(values) ? { isList: true, targets: values.flatMap(({ targets }) => targets) } : undefined;
  }

  private one(node: ScalarNode, scope: Scope): Resolved {
    const text = this.text(node, scope);
    if (text === undefined) return undefined;
    let link = this.parsed.get(text);
    if (link === undefined) this.parsed.set(text, (link = parseLink(text)));
    if (!("problem" in link)) return this.name({ link, span: node.span }, scope);
    return void this.reporter.report(node.span, link.problem, link.hint);
  }

  private text(node: ScalarNode, scope: Scope): string | undefined {
    const text = String(node.value);
    if (!text.includes("${")) return text;
    const { value, broken } = evaluate(node, surroundingsIn(scope, this.given), this.reporter);
    return broken.length > 0 ? undefined : String(value);
  }

  private name(site: Site, scope: Scope): Resolved {
    const [first, ...rest] = site.link.segments;
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      const slot = at.block.slotOf.get(first.name);
      if (slot !== undefined) return this.member(at.members[slot]!, first, rest, site, scope);
      const { loop, cycle } = at;
      if (loop?.declaration.carry.some(({ name }) => name === first.name) !== true) continue;
      const isWhole = first.selectors.length === 0 && rest.length === 0;
      return isWhole ? this.carried.at(loop, cycle!, first.name, site) : this.mistakes.partOfCarried(site, first.name);
    }
    return this.mistakes.unknownName(site, scope);
  }

  /** `from`: where the link stands, to see which cell it means, and whether it is inside the loop it names. */
  private member(member: Member, segment: Segment, rest: Rest, site: Site, from: Scope): Resolved {
    if (member.kind === "matrix") return this.matrix(member, segment, rest, site, from);
    if (isCellSelector(segment.selectors[0])) return this.mistakes.cellOfNone(site, member);
    if (member.kind === "step") return this.step(member, segment, rest, site);
    if (segment.selectors.length > 1) return this.mistakes.secondSelector(site, member);
    if (isInside(from, member)) return this.mistakes.ownLoop(site, member, rest[0]);
    return this.loop(member, segment, rest, site, from);
  }

  /** The cell that is named, all of them as a list, or, without either, the cell with the values of the one around the link. */
  private matrix(matrix: MatrixInstance, segment: Segment, rest: Rest, site: Site, from: Scope): Resolved {
    const { axes, cells } = matrix;
    // Of a matrix that is unusable (reported) nothing is known, nor in its cells of what has the same axis.
    const isKnown = axes?.every(({ name }) => !from.matrix.has(name) || from.matrix.get(name) !== undefined);
    if (axes === undefined || isKnown !== true) return undefined;
    const [first, ...others] = segment.selectors;
    const isNamed = first === "all" || isCellSelector(first);
    const inCell = { ...segment, selectors: isNamed ? others : segment.selectors };
    const labels =
      first === "all" ? [...cells.keys()] : labelsOf(axes, isCellSelector(first) ? first : [], from.matrix);
    if (labels === undefined)
      return isNamed ? this.mistakes.noSuchCell(site, matrix) : this.mistakes.openCell(site, matrix);
    const values: ReadonlyArray<Resolved> = labels.map((label) =>
      this.member(cells.get(label)!, inCell, rest, site, from),
    );
    const isList = first === "all" || (isCellSelector(first) && first.some(([, text]) => text === "*"));
    if (!isList) return values[0];
    return areKnown(values) ? { isList, targets: values.flatMap(({ targets }) => targets) } : undefined;
  }

  private step(step: StepInstance, segment: Segment, rest: Rest, site: Site): Resolved {
    if (segment.selectors.length > 0) return this.mistakes.cycleOfStep(site, step, rest);
    const [port, ...more] = rest;
    if (more.length > 0 || (port !== undefined && port.selectors.length > 0)) return this.mistakes.afterPort(site);
    const { stage } = step.declaration;
    if (stage === undefined) return single({ step, port: undefined });
    const wanted = wantedPort(step, port);
    const isThere = wanted !== undefined && Object.hasOwn(stage.outputs, wanted);
    return isThere ? single({ step, port: wanted }) : this.mistakes.unknownPort(site, step, wanted);
  }

  private loop(loop: LoopInstance, { selectors: [selector] }: Segment, rest: Rest, site: Site, from: Scope): Resolved {
    if (selector === undefined) return this.afterLoop(loop, rest, site);
    const [next, ...more] = rest;
    if (next === undefined) return this.mistakes.wholeCycle(site, loop);
    const into: Into = (scope) => this.inBody(scope, next, more, site, from);
    if (selector === "all") return this.allCycles(loop, into);
    if (selector === "last") return this.lastCycle(loop, next, site, into);
    return this.cycle(loop, selector as number, site, into);
  }

  /** `loop.name`: a carried value after the loop. */
  private afterLoop(loop: LoopInstance, rest: Rest, site: Site): Resolved {
    const [name, ...more] = rest;
    if (name === undefined) return this.mistakes.wholeLoop(site, loop);
    const { carry, block } = loop.declaration;
    const isCarried = carry.some((entry) => entry.name === name.name);
    if (isCarried && name.selectors.length === 0 && more.length === 0) {
      return this.carriedOut(loop, name.name, site);
    }
    if (block.slotOf.has(name.name)) return this.mistakes.stepWithoutCycle(site, loop, rest);
    return this.mistakes.unknownCarried(site, loop, name.name);
  }

  private carriedOut(loop: LoopInstance, name: string, site: Site): Resolved {
    if (loop.cycles === undefined) return undefined;
    return lastOf(loop, loop.cycles, (cycle) => this.carried.at(loop, cycle + 1, name, site));
  }

  /** Every carried value of a loop without mistakes, after it. */
  carriedAfter(loop: LoopInstance): ReadonlyMap<string, Target> {
    const values = loop.declaration.carry.flatMap(({ name, nameSpan }) => {
      const segments = [{ name, selectors: [] }] as const;
      const target = this.carriedOut(loop, name, { link: { text: name, segments }, span: nameSpan })?.targets[0];
      return target === undefined ? [] : [[name, target] as const];
    });
    return new Map(values);
  }

  private inBody(scope: Scope, next: Segment, more: Rest, site: Site, from: Scope): Resolved {
    const loop = scope.loop!;
    const slot = scope.block.slotOf.get(next.name);
    if (slot === undefined) return this.mistakes.unknownInBody(site, loop, next.name);
    return this.member(scope.members[slot]!, next, more, site, from);
  }

  private cycle(loop: LoopInstance, cycle: number, site: Site, into: Into): Resolved {
    // With an unusable `repeat` (reported) nothing is known of the cycles; the rest of the link is checked all the same.
    if (loop.cycles === undefined) return void into(loop.scopes[0]!);
    const isThere = cycle >= 1 && cycle <= loop.cycles;
    return isThere ? into(loop.scopes[cycle - 1]!) : this.mistakes.noSuchCycle(site, loop, cycle);
  }

  private allCycles(loop: LoopInstance, into: Into): Resolved {
    const values = loop.scopes.map(into);
    if (!areKnown(values) || loop.cycles === undefined) return undefined;
    return loop.cycles === 0 ? { isList: true, targets: [] } : ofThoseThatRan(loop, values);
  }

  /** Of a loop without cycles, `[last].x` is the value carried in where x feeds `next`. */
  private lastCycle(loop: LoopInstance, next: Segment, site: Site, into: Into): Resolved {
    if (loop.cycles !== undefined && loop.cycles > 0)
      return lastOf(loop, loop.cycles, (cycle) => into(loop.scopes[cycle - 1]!));
    const value = into(loop.scopes[0]!);
    if (value === undefined || loop.cycles === undefined) return undefined;
    const name = this.carriedFrom(loop, value);
    return name === undefined ? this.mistakes.noLastCycle(site, loop, next.name) : this.carried.at(loop, 1, name, site);
  }

  /** The carried name whose `next` is exactly the given output of the (phantom) body. */
  private carriedFrom(loop: LoopInstance, value: Value): string | undefined {
    const [target] = value.targets;
    if (value.isList || target === undefined) return undefined;
    const feeds = loop.declaration.next.find(({ link }) => {
      const fed = this.resolve(link, loop.scopes[0]!)?.targets[0];
      return fed?.step === target.step && fed.port === target.port;
    });
    return feeds?.name;
  }
}

/** What the last of the cycles has; where the loop may stop, whichever that turns out to be. */
function lastOf(loop: LoopInstance, cycles: number, valueIn: (cycle: number) => Resolved): Resolved {
  if (loop.decisions.length === 0 || cycles === 0) return valueIn(cycles);
  const values = loop.scopes.map((_, at) => valueIn(at + 1));
  return areKnown(values) ? ofTheLastThatRan(loop, values) : undefined;
}

const areKnown = (values: ReadonlyArray<Resolved>): values is ReadonlyArray<Value> => !values.includes(undefined);

const single = (target: Target): Value => ({ isList: false, targets: [target] });

function isInside(scope: Scope, loop: LoopInstance): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.loop === loop) return true;
  return false;
}
