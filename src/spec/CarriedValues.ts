/**
 * What a loop's carried names are in each cycle: in cycle 1 what `carry` says, then what `next` says of the cycle before, after
 * the loop what `next` says of the last. Filled in from cycle 1 on, never by recursion, so that a loop may have a hundred thousand
 * cycles.
 */
import type { NamedLink } from "./declarations.ts";
import type { LinkMistakes, Site } from "./linkMistakes.ts";
import type { LoopInstance, Scope } from "./instances.ts";
import type { Span } from "./Reporter.ts";
import type { Resolved } from "./resolveLinks.ts";

interface Filled {
  /** `byCycle[k - 1]`: the values in cycle k, one for each name. */
  readonly byCycle: Array<ReadonlyMap<string, Resolved>>;
  isFilling: boolean;
}

export class CarriedValues {
  private readonly filledOf = new Map<LoopInstance, Filled>();
  private readonly resolve: (link: NamedLink["link"], scope: Scope) => Resolved;
  private readonly mistakes: LinkMistakes;

  constructor(resolve: (link: NamedLink["link"], scope: Scope) => Resolved, mistakes: LinkMistakes) {
    this.resolve = resolve;
    this.mistakes = mistakes;
  }

  /** The value of a name in a cycle; cycle `cycles + 1` is after the loop. */
  at(loop: LoopInstance, cycle: number, name: string, site: Site): Resolved {
    let filled = this.filledOf.get(loop);
    if (filled === undefined) this.filledOf.set(loop, (filled = { byCycle: [], isFilling: false }));
    if (filled.byCycle.length < cycle) {
      if (filled.isFilling) return this.mistakes.circularCarry(site, loop);
      filled.isFilling = true;
      while (filled.byCycle.length < cycle) filled.byCycle.push(this.into(loop, filled.byCycle.length + 1));
      filled.isFilling = false;
    }
    return filled.byCycle[cycle - 1]!.get(name);
  }

  /** Resolves `carry` and `next` of a loop even where nothing uses them, so that their mistakes are found. */
  check({ declaration, parent, scopes }: LoopInstance): void {
    for (const entry of declaration.carry) this.single(entry, parent);
    for (const entry of declaration.next) this.single(entry, scopes.at(-1)!);
  }

  private into(loop: LoopInstance, cycle: number): ReadonlyMap<string, Resolved> {
    const { carry, next } = loop.declaration;
    const scope = cycle === 1 ? loop.parent : loop.scopes[cycle - 2]!;
    return new Map((cycle === 1 ? carry : next).map((entry) => [entry.name, this.single(entry, scope)]));
  }

  /** A carried value is one output: lists do not travel from cycle to cycle. */
  private single({ name, nameSpan, link }: NamedLink, scope: Scope): Resolved {
    const value = this.resolve(link, scope);
    if (value?.isList !== true) return value;
    const span: Span | undefined = Array.isArray(link) ? link[0]?.span : (link as { readonly span: Span }).span;
    return this.mistakes.listCarried(span ?? nameSpan, name);
  }
}
