/**
 * The lexicon of the generated corpus: concepts with their words, read from the tables of nouns.ts, verbs.ts and modifiers.ts.
 * A word stands for one concept of its class only, so that a sentence has one meaning.
 */
import { adjectives as adjectiveLines, manners as mannerLines, times as timeLines } from "./modifiers.ts";
import { domainNouns, domains, type Domain, type DomainNouns, type Kind } from "./nouns.ts";
import { dativeVerbs, intransitiveVerbs, personVerbs, transitiveVerbs, type Frame } from "./verbs.ts";

export type ConceptClass = "noun" | "verb" | "adjective" | "manner" | "place" | "time";

export interface Concept {
  readonly class: ConceptClass;
  /** The first word names the concept. */
  readonly words: ReadonlyArray<string>;
  /** Siblings share class and group: a noun's kind, a verb's sort of action, an adjective's dimension. */
  readonly group: string;
  readonly domain: Domain | "any";
  /** Of a verb: what its object may be. Of an adjective: what it may describe. Else empty. */
  readonly kinds: ReadonlyArray<string>;
  /** Of a verb: its complements. */
  readonly frame?: Frame;
}

export interface Lexicon {
  readonly nouns: ReadonlyArray<Concept>;
  readonly verbs: ReadonlyArray<Concept>;
  readonly adjectives: ReadonlyArray<Concept>;
  readonly manners: ReadonlyArray<Concept>;
  readonly places: ReadonlyArray<Concept>;
  readonly times: ReadonlyArray<Concept>;
}

const wordsOf = (text: string): ReadonlyArray<string> => text.split("/").map((word) => word.trim());

/** `words : group > kinds` */
function parseLine(line: string, conceptClass: ConceptClass, domain: Domain | "any", frame?: Frame): Concept {
  const [words, rest = ""] = line.split(" : ");
  const [group, kinds = ""] = rest.split(" > ");
  return {
    class: conceptClass,
    words: wordsOf(words!),
    group: group!.trim(),
    domain,
    kinds: kinds.split(" ").filter((kind) => kind !== ""),
    ...(frame === undefined ? {} : { frame }),
  };
}

const parseLines = (lines: ReadonlyArray<string>, conceptClass: ConceptClass): ReadonlyArray<Concept> =>
  lines.map((line) => parseLine(line, conceptClass, "any"));

function parseNouns(): ReadonlyArray<Concept> {
  return domains.flatMap((domain) => {
    const table: DomainNouns["nouns"] = domainNouns[domain].nouns;
    return (Object.keys(table) as ReadonlyArray<Kind>).flatMap((kind) =>
      table[kind]!.split(", ").map((words): Concept => ({
        class: "noun",
        words: wordsOf(words),
        group: kind,
        domain,
        kinds: [],
      })),
    );
  });
}

const parsePlaces = (): ReadonlyArray<Concept> =>
  domains.flatMap((domain) =>
    domainNouns[domain].places
      .split(", ")
      .map((words): Concept => ({ class: "place", words: wordsOf(words), group: domain, domain, kinds: [] })),
  );

function parseVerbs(
  table: { readonly [domain: string]: ReadonlyArray<string> | undefined },
  frame: Frame,
): ReadonlyArray<Concept> {
  return Object.entries(table).flatMap(([domain, lines = []]) =>
    lines.map((line) => parseLine(line, "verb", domain as Domain | "any", frame)),
  );
}

export const lexicon: Lexicon = {
  nouns: parseNouns(),
  verbs: [
    ...parseVerbs(transitiveVerbs, "transitive"),
    ...parseVerbs(personVerbs, "person"),
    ...parseVerbs({ any: dativeVerbs }, "dative"),
    ...parseVerbs({ any: intransitiveVerbs }, "intransitive"),
  ],
  adjectives: parseLines(adjectiveLines, "adjective"),
  manners: parseLines(mannerLines, "manner"),
  places: parsePlaces(),
  times: parseLines(timeLines, "time"),
};
