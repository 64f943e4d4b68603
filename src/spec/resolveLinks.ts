/**
 * Resolves the links of the unrolled pipeline: from text to the outputs of instances, through carried values and cycles.
 *
 * Inside a loop's body a bare name is a step of the same cycle first, then a carried name, then what stands outside. Cycle
 * k + 1 sees cycle k only through `next`. Values carried over cycles are filled in from cycle 1 on, never by recursion, so that
 * a loop may have a hundred thousand cycles.
 */
import { mainPort } from "../core/Stage.ts";
import type { LoopDeclaration, NamedLink } from "./declarations.ts";
import { evaluate, type Surroundings } from "./expression.ts";
import { parseLink, type LinkSyntax, type Segment } from "./linkSyntax.ts";
import type { Reporter, Span } from "./Reporter.ts";
import { counted, listed, nameHint, quoted } from "./suggest.ts";
import type { LoopInstance, Scope, StepInstance } from "./unroll.ts";
import type { ScalarNode } from "./YamlNode.ts";

/** An output of an instance. `port` is undefined where the stage is unknown, which was reported. */
export interface Target {
  readonly step: StepInstance;
  readonly port: string | undefined;
}

export interface Value {
  readonly isList: boolean;
  readonly targets: ReadonlyArray<Target>;
}

/** Undefined where the link is wrong, which was reported. */
export type Resolved = Value | undefined;

/** A link as it stands in one place of the unrolled pipeline. */
interface Site {
  readonly link: LinkSyntax;
  readonly span: Span;
}

interface CarriedValues {
  /** `byCycle[k - 1]`: the values in cycle k, one for each name of `carry`. */
  readonly byCycle: Array<ReadonlyMap<string, Resolved>>;
  isFilling: boolean;
}

export interface LinkResolver {
  readonly resolve: (link: NamedLink["link"], scope: Scope) => Resolved;
  /** Resolves `carry` and `next` of a loop even where nothing uses them, so that their mistakes are found. */
  readonly checkCarried: (loop: LoopInstance) => void;
}

export function makeLinkResolver(surroundings: Omit<Surroundings, "cycle">, reporter: Reporter): LinkResolver {
  const parsed = new Map<string, ReturnType<typeof parseLink>>();
  const carriedOf = new Map<LoopInstance, CarriedValues>();

  function resolve(link: NamedLink["link"], scope: Scope): Resolved {
    if (link === undefined) return undefined;
    if (!Array.isArray(link)) return resolveOne(link as ScalarNode, scope);
    const values = (link as ReadonlyArray<ScalarNode>).map((item) => resolveOne(item, scope));
    if (values.includes(undefined)) return undefined;
    return { isList: true, targets: values.flatMap((value) => value!.targets) };
  }

  function resolveOne(node: ScalarNode, scope: Scope): Resolved {
    const text = linkText(node, scope);
    if (text === undefined) return undefined;
    let link = parsed.get(text);
    if (link === undefined) parsed.set(text, (link = parseLink(text)));
    if ("problem" in link) {
      reporter.report(node.span, link.problem, link.hint);
      return undefined;
    }
    return resolveName({ link, span: node.span }, scope);
  }

  function linkText(node: ScalarNode, scope: Scope): string | undefined {
    const text = String(node.value);
    if (!text.includes("${")) return text;
    const { value, broken } = evaluate(node, { ...surroundings, cycle: scope.cycle }, reporter);
    return broken.length > 0 ? undefined : String(value);
  }

  function resolveName(site: Site, scope: Scope): Resolved {
    const [first, ...rest] = site.link.segments;
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      const slot = at.block.slotOf.get(first.name);
      if (slot !== undefined) return resolveMember(at.members[slot], first, rest, site, scope);
      const carries = at.loop?.declaration.carry.some(({ name }) => name === first.name) === true;
      if (carries) return resolveCarriedName(at, first, rest, site);
    }
    const names = namesIn(scope);
    reporter.report(
      site.span,
      `there is no step ${quoted(first.name)} here`,
      nameHint(first.name, names, "names here"),
    );
    return undefined;
  }

  function resolveCarriedName(scope: Scope, first: Segment, rest: ReadonlyArray<Segment>, site: Site): Resolved {
    if (first.selector === undefined && rest.length === 0)
      return carriedAt(scope.loop!, scope.cycle!, first.name, site);
    const message = `${quoted(first.name)} is a carried value, one output; ${quoted(site.link.text)} asks for a part of it`;
    reporter.report(site.span, message, `write ${quoted(first.name)}`);
    return undefined;
  }

  /** `member` is undefined while the scope it stands in is still being filled, which resolution never meets. */
  function resolveMember(
    member: StepInstance | LoopInstance | undefined,
    segment: Segment,
    rest: ReadonlyArray<Segment>,
    site: Site,
    from: Scope,
  ): Resolved {
    if (member === undefined) return undefined;
    return member.kind === "step"
      ? resolveStep(member, segment, rest, site)
      : resolveLoop(member, segment, rest, site, from);
  }

  function resolveStep(step: StepInstance, segment: Segment, rest: ReadonlyArray<Segment>, site: Site): Resolved {
    const { stage, name } = step.declaration;
    if (segment.selector !== undefined) {
      reporter.report(
        site.span,
        `${quoted(name)} is a step, not a loop: it has no cycles`,
        `write ${quoted([name, ...rest.map((part) => part.name)].join("."))}`,
      );
      return undefined;
    }
    const [port, ...more] = rest;
    if (more.length > 0 || port?.selector !== undefined) {
      reporter.report(
        site.span,
        `${quoted(site.link.text)} goes on after a port`,
        "after a step comes at most its port: `step.port`",
      );
      return undefined;
    }
    if (stage === undefined) return one({ step, port: undefined });
    const wanted = port?.name ?? mainPort(stage);
    if (wanted !== undefined && Object.hasOwn(stage.outputs, wanted)) return one({ step, port: wanted });
    const outputs = Object.keys(stage.outputs);
    const message =
      wanted === undefined
        ? `stage ${quoted(stage.name)} of step ${quoted(name)} has no outputs`
        : `step ${quoted(name)} (${stage.name}) has no output port ${quoted(wanted)}`;
    const hint = nameHint(wanted ?? "", outputs, "output ports");
    reporter.report(
      site.span,
      message,
      hint.startsWith("did you mean") ? `${hint} output ports: ${listed(outputs)}` : hint,
    );
    return undefined;
  }

  function resolveLoop(
    loop: LoopInstance,
    segment: Segment,
    rest: ReadonlyArray<Segment>,
    site: Site,
    from: Scope,
  ): Resolved {
    const { name, carry } = loop.declaration;
    if (isInside(from, loop)) {
      const carried = rest[0] !== undefined && carry.some((entry) => entry.name === rest[0]!.name);
      const hint = carried
        ? `inside the loop write ${quoted(rest[0]!.name)}`
        : "carry it: `carry` says what a name is in cycle 1, `next` in the following cycles";
      const message = `${quoted(site.link.text)} stands inside loop ${quoted(name)}: a cycle sees the one before only through \`next\``;
      reporter.report(site.span, message, hint);
      return undefined;
    }
    if (segment.selector === undefined) return resolveAfterLoop(loop, rest, site);
    const [next, ...more] = rest;
    if (next === undefined) {
      const steps = loop.declaration.block.members.map((member) => member.name);
      reporter.report(site.span, `${quoted(site.link.text)} names no step of the loop`, `its steps: ${listed(steps)}`);
      return undefined;
    }
    if (segment.selector === "all") return resolveAll(loop, next, more, site);
    if (segment.selector === "last") return resolveLast(loop, next, more, site);
    return resolveCycle(loop, segment.selector, next, more, site);
  }

  /** `loop.name`: a carried value after the loop. */
  function resolveAfterLoop(loop: LoopInstance, rest: ReadonlyArray<Segment>, site: Site): Resolved {
    const { name, carry, block } = loop.declaration;
    const [carried, ...more] = rest;
    const carriedNames = carry.map((entry) => entry.name);
    const isCarried = carried !== undefined && carriedNames.includes(carried.name);
    if (isCarried && carried.selector === undefined && more.length === 0) {
      return loop.cycles === undefined ? undefined : carriedAt(loop, loop.cycles + 1, carried.name, site);
    }
    const isStep = carried !== undefined && block.slotOf.has(carried.name);
    const path = rest.map((part) => part.name).join(".");
    if (isStep) {
      const message = `${quoted(carried.name)} is a step of loop ${quoted(name)}, once in each cycle`;
      const hint = `say which cycle: ${quoted(`${name}[last].${path}`)}, ${quoted(`${name}[1].${path}`)}, or ${quoted(`${name}[*].${path}`)} for all`;
      reporter.report(site.span, message, hint);
    } else if (carried === undefined) {
      const forms = [...carriedNames.map((other) => `${name}.${other}`), `${name}[last].<step>`];
      reporter.report(
        site.span,
        `${quoted(name)} is a loop, not an output`,
        `name one of its values: ${listed(forms)}`,
      );
    } else {
      const names = [...carriedNames, ...block.slotOf.keys()];
      const hint = nameHint(carried.name, names, "its steps and carried values");
      reporter.report(site.span, `loop ${quoted(name)} has no carried value ${quoted(carried.name)}`, hint);
    }
    return undefined;
  }

  function resolveInBody(scope: Scope, next: Segment, more: ReadonlyArray<Segment>, site: Site): Resolved {
    const slot = scope.block.slotOf.get(next.name);
    if (slot !== undefined) return resolveMember(scope.members[slot], next, more, site, scope.loop!.parent);
    const { name, carry } = scope.loop!.declaration;
    const isCarried = carry.some((entry) => entry.name === next.name);
    const hint = isCarried
      ? `${quoted(next.name)} is a carried value; after the loop it is ${quoted(`${name}.${next.name}`)}`
      : nameHint(next.name, scope.block.slotOf.keys(), "its steps");
    reporter.report(site.span, `loop ${quoted(name)} has no step ${quoted(next.name)}`, hint);
    return undefined;
  }

  function resolveCycle(
    loop: LoopInstance,
    cycle: number,
    next: Segment,
    more: ReadonlyArray<Segment>,
    site: Site,
  ): Resolved {
    // With an unusable `repeat` (reported) nothing is known of the cycles; the rest of the link is checked all the same.
    if (loop.cycles === undefined) return void resolveInBody(loop.scopes[0]!, next, more, site);
    if (cycle >= 1 && cycle <= loop.cycles) return resolveInBody(loop.scopes[cycle - 1]!, next, more, site);
    const name = quoted(loop.declaration.name);
    const message = `${quoted(site.link.text)}: loop ${name} has ${counted(loop.cycles, "cycle")}, so there is no cycle ${cycle}`;
    reporter.report(
      site.span,
      message,
      cycle === 0 ? "cycles count from 1" : "`[last]` is the last one, however many there are",
    );
    return undefined;
  }

  function resolveAll(loop: LoopInstance, next: Segment, more: ReadonlyArray<Segment>, site: Site): Resolved {
    const values = loop.scopes.map((scope) => resolveInBody(scope, next, more, site));
    if (values.includes(undefined) || loop.cycles === undefined) return undefined;
    return { isList: true, targets: loop.cycles === 0 ? [] : values.flatMap((value) => value!.targets) };
  }

  /** Of a loop without cycles, `[last].x` is the value carried in where x feeds `next`. */
  function resolveLast(loop: LoopInstance, next: Segment, more: ReadonlyArray<Segment>, site: Site): Resolved {
    const value = resolveInBody(loop.scopes.at(-1)!, next, more, site);
    if (value === undefined || loop.cycles === undefined) return undefined;
    if (loop.cycles > 0) return value;
    const name = carriedFrom(loop, value);
    if (name !== undefined) return carriedAt(loop, 1, name, site);
    const message = `${quoted(site.link.text)}: loop ${quoted(loop.declaration.name)} has no cycles, and ${quoted(next.name)} does not feed its \`next\``;
    reporter.report(site.span, message, "with `repeat: 0` only what is carried in is there");
    return undefined;
  }

  /** The carried name whose `next` is exactly the given output of the (phantom) body. */
  function carriedFrom(loop: LoopInstance, value: Value): string | undefined {
    const [target] = value.targets;
    if (value.isList || target === undefined) return undefined;
    const body = loop.scopes[0]!;
    return loop.declaration.next.find(({ link }) => {
      const fed = resolve(link, body)?.targets[0];
      return fed !== undefined && fed.step === target.step && fed.port === target.port;
    })?.name;
  }

  /** What a carried name is in a cycle; cycle `cycles + 1` is after the loop. */
  function carriedAt(loop: LoopInstance, cycle: number, name: string, site: Site): Resolved {
    const carried = fillCarried(loop, cycle, site);
    return carried?.byCycle[cycle - 1]?.get(name);
  }

  function fillCarried(loop: LoopInstance, cycle: number, site: Site): CarriedValues | undefined {
    let carried = carriedOf.get(loop);
    if (carried === undefined) carriedOf.set(loop, (carried = { byCycle: [], isFilling: false }));
    if (carried.byCycle.length >= cycle) return carried;
    if (carried.isFilling) {
      const message = `the carried values of loop ${quoted(loop.declaration.name)} lead round in a circle through ${quoted(site.link.text)}`;
      reporter.report(site.span, message, "`carry` must begin with a step outside the circle");
      return undefined;
    }
    carried.isFilling = true;
    while (carried.byCycle.length < cycle) carried.byCycle.push(carriedInto(loop, carried.byCycle.length + 1));
    carried.isFilling = false;
    return carried;
  }

  function carriedInto(loop: LoopInstance, cycle: number): ReadonlyMap<string, Resolved> {
    const { carry, next } = loop.declaration;
    if (cycle === 1) return new Map(carry.map((entry) => [entry.name, single(entry, loop.parent)]));
    const scope = loop.scopes[cycle - 2]!;
    return new Map(next.map((entry) => [entry.name, single(entry, scope)]));
  }

  /** A carried value is one output: lists do not travel from cycle to cycle. */
  function single({ name, link }: NamedLink, scope: Scope): Resolved {
    const value = resolve(link, scope);
    if (value?.isList !== true) return value;
    const span = (Array.isArray(link) ? link[0] : link)?.span as Span;
    reporter.report(span, `${quoted(name)} must be one output, and this link gives a list`);
    return undefined;
  }

  function checkCarried(loop: LoopInstance): void {
    const { carry, next } = loop.declaration as LoopDeclaration;
    for (const entry of carry) single(entry, loop.parent);
    for (const entry of next) single(entry, loop.scopes.at(-1)!);
  }

  return { resolve, checkCarried };
}

const one = (target: Target): Value => ({ isList: false, targets: [target] });

function isInside(scope: Scope, loop: LoopInstance): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.loop === loop) return true;
  return false;
}

/** Every name a link in this scope may begin with, nearest first. */
export function namesIn(scope: Scope): ReadonlyArray<string> {
  const names = new Set<string>();
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const name of at.block.slotOf.keys()) names.add(name);
    for (const { name } of at.loop?.declaration.carry ?? []) names.add(name);
  }
  return [...names];
}
