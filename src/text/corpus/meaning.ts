/**
 * What a generated sentence says, apart from how it says it: an event with its slots, drawn from the grammar.
 *
 * Choices are not free: an event plays in a domain of life, verbs take objects of certain kinds, and every pair of concepts has
 * a fixed affinity (a hash of their names), as real words have their company. So words of one concept share their
 * contexts, siblings share most of them, and an encoder can learn meanings from unlabelled text.
 */
import { hash32, type Random } from "../random.ts";
import { lexicon, type Concept } from "./lexicon.ts";
import { domains, type Domain } from "./nouns.ts";
import type { Frame } from "./verbs.ts";

export type Count = "one" | "two" | "three" | "several" | "many";
export type Tense = "past" | "future";

/** A person or thing taking part. */
export interface Participant {
  readonly noun: Concept;
  readonly adjective?: Concept;
  readonly count: Count;
}

export interface Event {
  readonly verb: Concept;
  readonly agent: Participant;
  readonly patient?: Participant;
  readonly recipient?: Participant;
}

/** A second event told in the same sentence: `first` happened before the main one. */
export interface Circumstance {
  readonly relation: "while" | "because" | "before" | "after";
  readonly event: Event;
}

export interface Meaning extends Event {
  readonly domain: Domain;
  readonly tense: Tense;
  readonly negated: boolean;
  readonly place?: Concept;
  readonly time?: Concept;
  readonly manner?: Concept;
  readonly circumstance?: Circumstance;
}

const affinities = new Map<Concept, Map<Concept, number>>();

/** 1 (rarely together) to 24 (often), fixed for ever by the two names. */
export function affinity(a: Concept, b: Concept): number {
  let known = affinities.get(b);
  if (known === undefined) affinities.set(b, (known = new Map()));
  let value = known.get(a);
  if (value === undefined) {
    value = [1, 1, 1, 2, 2, 4, 10, 24][hash32(`${a.words[0]}+${b.words[0]}`) & 7]!;
    known.set(a, value);
  }
  return value;
}

/** Who may act. */
export const people = lexicon.nouns.filter((noun) => noun.group === "person");

function drawVerb(random: Random, domain: Domain, clause: "main" | "circumstance"): Concept {
  const roll = random.below(100);
  const intransitive = clause === "main" ? 14 : 60;
  if (roll < intransitive) return random.pick(verbsOf("intransitive", "any"));
  if (clause === "main" && roll < 26) return random.pick(verbsOf("dative", "any"));
  const frame = roll < 48 ? "person" : "transitive";
  const own = verbsOf(frame, domain);
  return random.pick(own.length > 0 && random.chance(frame === "person" ? 30 : 60) ? own : verbsOf(frame, "any"));
}

/** Remembers a selection from the lexicon by its key: the same few are asked for in every sentence. */
function remembered(select: (key: string) => ReadonlyArray<Concept>): (key: string) => ReadonlyArray<Concept> {
  const known = new Map<string, ReadonlyArray<Concept>>();
  return (key) => {
    if (!known.has(key)) known.set(key, select(key));
    return known.get(key)!;
  };
}

const verbsByFrame = remembered((key) => lexicon.verbs.filter((verb) => `${verb.frame}/${verb.domain}` === key));
const verbsOf = (frame: Frame, domain: Domain | "any"): ReadonlyArray<Concept> => verbsByFrame(`${frame}/${domain}`);

const nounsOfKinds = remembered((kinds) => lexicon.nouns.filter((noun) => kinds.split(" ").includes(noun.group)));

const adjectivesFor = remembered((kind) => lexicon.adjectives.filter((adjective) => adjective.kinds.includes(kind)));

const placesIn = remembered((domain) => lexicon.places.filter((place) => place.domain === domain));

const timesIn = remembered((tense) => lexicon.times.filter((time) => time.group === tense || time.group === "any"));

/** A noun that fits the verb; of the domain mostly, elsewhere where it has none. */
export function drawNoun(
  random: Random,
  candidates: ReadonlyArray<Concept>,
  domain: Domain,
  company: Concept,
): Concept {
  const local = candidates.filter((noun) => noun.domain === domain);
  const pool = local.length > 0 && random.chance(80) ? local : candidates;
  return random.weighted(pool, (noun) => affinity(noun, company));
}

export const objectsOf = (verb: Concept): ReadonlyArray<Concept> =>
  verb.frame === "person" ? people : nounsOfKinds(verb.kinds.join(" "));

function drawCount(random: Random): Count {
  const roll = random.below(100);
  return roll < 76 ? "one" : roll < 83 ? "two" : roll < 87 ? "three" : roll < 95 ? "several" : "many";
}

export function drawAdjective(random: Random, noun: Concept): Concept | undefined {
  const fitting = adjectivesFor(noun.group);
  return fitting.length === 0 ? undefined : random.weighted(fitting, (adjective) => affinity(adjective, noun));
}

export function drawParticipant(random: Random, noun: Concept, adjectivePercent: number): Participant {
  const adjective = random.chance(adjectivePercent) ? drawAdjective(random, noun) : undefined;
  return { noun, count: drawCount(random), ...(adjective === undefined ? {} : { adjective }) };
}

export const drawPlace = (random: Random, domain: Domain, verb: Concept): Concept =>
  random.weighted(placesIn(domain), (place) => affinity(place, verb));

export const drawTime = (random: Random, tense: Tense): Concept => random.pick(timesIn(tense));

export const drawManner = (random: Random, verb: Concept): Concept =>
  random.weighted(lexicon.manners, (manner) => affinity(manner, verb));

export function drawEvent(random: Random, domain: Domain, clause: "main" | "circumstance"): Event {
  const verb = drawVerb(random, domain, clause);
  const adjectivePercent = clause === "main" ? 30 : 10;
  const agent = drawParticipant(random, drawNoun(random, people, domain, verb), adjectivePercent);
  if (verb.frame === "intransitive") return { verb, agent };
  const others = objectsOf(verb).filter((noun) => noun !== agent.noun);
  const patient = drawParticipant(random, drawNoun(random, others, domain, verb), adjectivePercent);
  if (verb.frame !== "dative") return { verb, agent, patient };
  const receivers = people.filter((noun) => noun !== agent.noun);
  return { verb, agent, patient, recipient: drawParticipant(random, drawNoun(random, receivers, domain, verb), 10) };
}

export function drawCircumstance(random: Random, domain: Domain): Circumstance {
  const relation = random.pick(["while", "because", "before", "after"] as const);
  return { relation, event: drawEvent(random, domain, "circumstance") };
}

/** A whole meaning; `domain` fixes where it plays. */
export function drawMeaning(random: Random, domain: Domain = random.pick(domains)): Meaning {
  const event = drawEvent(random, domain, "main");
  const tense: Tense = random.chance(85) ? "past" : "future";
  const short = event.recipient === undefined;
  return {
    domain,
    ...event,
    tense,
    negated: random.chance(8),
    ...(random.chance(short ? 50 : 25) ? { place: drawPlace(random, domain, event.verb) } : {}),
    ...(random.chance(25) ? { time: drawTime(random, tense) } : {}),
    ...(random.chance(25) ? { manner: drawManner(random, event.verb) } : {}),
    ...(short && tense === "past" && random.chance(15) ? { circumstance: drawCircumstance(random, domain) } : {}),
  };
}
