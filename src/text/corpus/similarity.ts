/**
 * The gold of the generated corpus: how much of their meaning two sentences share, from 0 (nothing) to 5 (all of it).
 *
 * Each slot has a weight; a slot counts by how far its two fillers are in the taxonomy (same concept 1, siblings 0.5, the same
 * kind or the same domain less). Unequal polarity halves the whole. Words play no part: synonyms are one concept.
 */
import type { Concept } from "./lexicon.ts";
import type { Circumstance, Event, Meaning, Participant } from "./meaning.ts";

const weights = {
  verb: 3,
  agent: 2.5,
  patient: 2.5,
  recipient: 1.5,
  place: 1,
  time: 0.7,
  manner: 0.7,
  adjective: 0.6,
  count: 0.4,
  tense: 0.6,
  circumstance: 3,
} as const;

/** What is left of a detail that only one of the two gives. */
const unmentioned = 0.3;
const oppositePolarity = 0.5;

interface Tally {
  readonly shared: number;
  readonly total: number;
}

const tally = (weight: number, similarity: number): Tally => ({ shared: weight * similarity, total: weight });

const sum = (tallies: ReadonlyArray<Tally>): Tally => ({
  shared: tallies.reduce((total, each) => total + each.shared, 0),
  total: tallies.reduce((total, each) => total + each.total, 0),
});

/** 0 to 1 by the taxonomy. */
export function conceptSimilarity(a: Concept, b: Concept): number {
  if (a === b) return 1;
  if (a.class !== b.class) return 0;
  if (a.class !== "noun") return a.group === b.group ? 0.4 : 0;
  if (a.group === b.group) return a.domain === b.domain ? 0.5 : 0.15;
  return a.domain === b.domain ? 0.15 : 0;
}

function optional(weight: number, a: Concept | undefined, b: Concept | undefined): Tally {
  if (a === undefined && b === undefined) return tally(0, 0);
  return tally(weight, a === undefined || b === undefined ? unmentioned : conceptSimilarity(a, b));
}

function participant(weight: number, a: Participant | undefined, b: Participant | undefined): Tally {
  if (a === undefined && b === undefined) return tally(0, 0);
  if (a === undefined || b === undefined) return tally(weight, 0);
  const nouns = conceptSimilarity(a.noun, b.noun);
  // What is said of a participant counts as far as it is the same participant.
  const adjectives = optional(weights.adjective, a.adjective, b.adjective);
  const counts = tally(weights.count, a.count === b.count ? 1 : 0);
  const details = sum([adjectives, counts]);
  return { shared: weight * nouns + details.shared * nouns, total: weight + details.total };
}

const eventTally = (a: Event, b: Event): Tally =>
  sum([
    tally(weights.verb, conceptSimilarity(a.verb, b.verb)),
    participant(weights.agent, a.agent, b.agent),
    participant(weights.patient, a.patient, b.patient),
    participant(weights.recipient, a.recipient, b.recipient),
  ]);

function circumstanceTally(a: Circumstance | undefined, b: Circumstance | undefined): Tally {
  if (a === undefined && b === undefined) return tally(0, 0);
  if (a === undefined || b === undefined) return tally(weights.circumstance, unmentioned);
  const events = eventTally(a.event, b.event);
  const relation = a.relation === b.relation ? 1 : 0.8;
  return tally(weights.circumstance, (relation * events.shared) / events.total);
}

/** 0 to 5. Symmetric; 5 exactly for equal meanings. */
export function meaningSimilarity(a: Meaning, b: Meaning): number {
  const { shared, total } = sum([
    eventTally(a, b),
    tally(weights.tense, a.tense === b.tense ? 1 : 0),
    optional(weights.place, a.place, b.place),
    optional(weights.time, a.time, b.time),
    optional(weights.manner, a.manner, b.manner),
    circumstanceTally(a.circumstance, b.circumstance),
  ]);
  return ((5 * shared) / total) * (a.negated === b.negated ? 1 : oppositePolarity);
}
