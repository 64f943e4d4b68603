/** Changes of meaning: one slot of a sentence's meaning becomes another, dropped or added. They grade the pairs of the generated corpus. */
import type { Random } from "../random.ts";
import { lexicon, type Concept } from "./lexicon.ts";
import {
  drawAdjective,
  drawCircumstance,
  drawManner,
  drawNoun,
  drawPlace,
  drawTime,
  objectsOf,
  people,
  type Meaning,
  type Participant,
} from "./meaning.ts";

export type Role = "agent" | "patient" | "recipient";

/** A sibling of the taxonomy half of the time, otherwise anything that fits. */
function otherNoun(random: Random, candidates: ReadonlyArray<Concept>, noun: Concept, meaning: Meaning): Concept {
  const others = candidates.filter((each) => each !== noun && !nounsOf(meaning).includes(each));
  const siblings = others.filter((each) => each.group === noun.group && each.domain === noun.domain);
  if (siblings.length > 0 && random.chance(50)) return random.pick(siblings);
  return drawNoun(random, others, random.chance(50) ? meaning.domain : "market", meaning.verb);
}

export const nounsOf = (meaning: Meaning): ReadonlyArray<Concept> =>
  [meaning.agent, meaning.patient, meaning.recipient].flatMap((participant) =>
    participant === undefined ? [] : [participant.noun],
  );

/** The adjective goes where it no longer fits. */
function withNoun(participant: Participant, noun: Concept): Participant {
  const { adjective, count } = participant;
  return adjective?.kinds.includes(noun.group) ? { noun, adjective, count } : { noun, count };
}

/** Another filler of the role; a meaning without it is returned as it is. */
export function changeRole(random: Random, meaning: Meaning, role: Role): Meaning {
  const participant = meaning[role];
  if (participant === undefined) return meaning;
  const candidates = role === "patient" ? objectsOf(meaning.verb) : people;
  return { ...meaning, [role]: withNoun(participant, otherNoun(random, candidates, participant.noun, meaning)) };
}

/** Another verb of the same frame which takes the same object. */
export function changeVerb(random: Random, meaning: Meaning): Meaning {
  const { verb, patient } = meaning;
  const fitting = lexicon.verbs.filter(
    (each) =>
      each !== verb &&
      each.frame === verb.frame &&
      (each.domain === "any" || each.domain === meaning.domain) &&
      (patient === undefined || each.frame === "person" || each.kinds.includes(patient.noun.group)),
  );
  const siblings = fitting.filter((each) => each.group === verb.group);
  const pool = siblings.length > 0 && random.chance(40) ? siblings : fitting;
  return pool.length === 0 ? meaning : { ...meaning, verb: random.pick(pool) };
}

/** Who did it to whom, turned round; only between people. */
export function swapRoles(meaning: Meaning): Meaning | undefined {
  const { agent, patient, recipient } = meaning;
  if (recipient !== undefined) return { ...meaning, agent: recipient, recipient: agent };
  if (patient === undefined || meaning.verb.frame !== "person") return undefined;
  return { ...meaning, agent: patient, patient: agent };
}

export const negate = (meaning: Meaning): Meaning => ({ ...meaning, negated: !meaning.negated });

const withoutKey = <K extends keyof Meaning>(meaning: Meaning, key: K): Meaning => {
  const { [key]: _dropped, ...rest } = meaning;
  return rest as Meaning;
};

/** Drops a detail that is there (one time in three) or puts another in its place. */
function changeDetail(random: Random, meaning: Meaning, key: "place" | "time" | "manner" | "circumstance"): Meaning {
  if (meaning[key] !== undefined && random.chance(33)) return withoutKey(meaning, key);
  if (key === "circumstance") {
    return meaning.tense === "future"
      ? meaning
      : { ...meaning, circumstance: drawCircumstance(random, meaning.domain) };
  }
  const drawn = {
    place: () => drawPlace(random, meaning.domain, meaning.verb),
    time: () => drawTime(random, meaning.tense),
    manner: () => drawManner(random, meaning.verb),
  };
  return { ...meaning, [key]: drawn[key]() };
}

function changeAdjective(random: Random, meaning: Meaning, role: "agent" | "patient"): Meaning {
  const participant = meaning[role];
  if (participant === undefined) return meaning;
  const { noun, count } = participant;
  if (participant.adjective !== undefined && random.chance(33)) return { ...meaning, [role]: { noun, count } };
  const adjective = drawAdjective(random, noun);
  return adjective === undefined ? meaning : { ...meaning, [role]: { noun, count, adjective } };
}

function changeCount(random: Random, meaning: Meaning, role: "agent" | "patient"): Meaning {
  const participant = meaning[role];
  if (participant === undefined) return meaning;
  const counts = (["one", "two", "three", "several", "many"] as const).filter((count) => count !== participant.count);
  return { ...meaning, [role]: { ...participant, count: random.pick(counts) } };
}

/** Some modifier changes: a place, time, manner, adjective, number, or the second clause. */
export function changeModifier(random: Random, meaning: Meaning): Meaning {
  const choice = random.pick(["place", "time", "manner", "adjective", "adjective", "count", "circumstance"] as const);
  const role = random.pick(["agent", "patient"] as const);
  if (choice === "adjective") return changeAdjective(random, meaning, role);
  if (choice === "count") return changeCount(random, meaning, role);
  return changeDetail(random, meaning, choice);
}
