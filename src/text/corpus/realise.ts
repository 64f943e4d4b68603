/** Meaning and style → an English sentence. The only choices left here are those of words among synonyms, and of articles. */
import type { Random } from "../random.ts";
import type { Concept } from "./lexicon.ts";
import type { Circumstance, Count, Event, Meaning, Participant, Tense } from "./meaning.ts";
import { indefiniteArticle, participle, past, plural, presentParticiple } from "./morphology.ts";
import type { Style } from "./Style.ts";

/** Picks words: `choose` prefers those not yet used by the sentence to differ from. */
export interface WordChoice {
  readonly random: Random;
  /** Lower-case words of the other sentence; empty where there is none. */
  readonly avoid: ReadonlySet<string>;
}

function choose(words: WordChoice, concept: Concept): string {
  const fresh = concept.words.filter((word) => !words.avoid.has(word));
  return words.random.pick(fresh.length > 0 ? fresh : concept.words);
}

const chooseFrom = (words: WordChoice, options: ReadonlyArray<string>): string => {
  const fresh = options.filter((option) => !words.avoid.has(option));
  return words.random.pick(fresh.length > 0 ? fresh : options);
};

const quantifiers: { readonly [C in Exclude<Count, "one">]: ReadonlyArray<string> } = {
  two: ["two", "a pair of", "a couple of"],
  three: ["three"],
  several: ["several", "some", "a few"],
  many: ["many", "numerous", "a lot of"],
};

const isPlural = (participant: Participant): boolean => participant.count !== "one";

function nounPhrase(words: WordChoice, participant: Participant, style: Style, relativeAllowed: boolean): string {
  const noun = choose(words, participant.noun);
  const head = isPlural(participant) ? plural(noun) : noun;
  const adjective = participant.adjective === undefined ? undefined : choose(words, participant.adjective);
  const relative = adjective !== undefined && relativeAllowed && style.adjective === "relative";
  const inner = adjective === undefined || relative ? head : `${adjective} ${head}`;
  const phrase = `${determiner(words, participant.count, inner)} ${inner}`;
  if (!relative) return phrase;
  const pronoun = participant.noun.group === "person" ? "who" : "that";
  return `${phrase} ${pronoun} ${isPlural(participant) ? "were" : "was"} ${adjective}`;
}

function determiner(words: WordChoice, count: Count, phrase: string): string {
  if (count !== "one") return chooseFrom(words, quantifiers[count]);
  return words.random.chance(60) ? "the" : indefiniteArticle(phrase);
}

interface VerbGroup {
  readonly word: string;
  readonly tense: Tense;
  readonly negated: boolean;
  readonly plural: boolean;
  readonly style: Style;
  /** Stands right before the main verb; empty: nothing there. */
  readonly manner: string;
}

const spaced = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== "").join(" ");

function activeVerb({ word, tense, negated, plural, style, manner }: VerbGroup): string {
  const be = tense === "past" ? (plural ? "were" : "was") : plural ? "are" : "is";
  const not = negated ? "not" : "";
  if (tense === "future") {
    if (style.aspect === "extended") return spaced(be, not, "going to", manner, word);
    return spaced("will", negated && style.negation === "never" ? "never" : not, manner, word);
  }
  if (negated && style.negation === "never") return spaced("never", manner, past(word));
  if (negated && style.negation === "fail") return spaced("failed to", manner, word);
  if (style.aspect === "extended") return spaced(be, not, manner, presentParticiple(word));
  return negated ? spaced("did not", manner, word) : spaced(manner, past(word));
}

function passiveVerb({ word, tense, negated, plural, style, manner }: VerbGroup): string {
  const negation = negated ? (style.negation === "never" ? "never" : "not") : "";
  if (tense === "future") return spaced("will", negation, "be", manner, participle(word));
  const be = plural ? "were" : "was";
  return spaced(be, negation, style.aspect === "extended" ? "being" : "", manner, participle(word));
}

interface Clause {
  readonly subject: string;
  readonly rest: string;
}

/** Subject, verb group and complements; circumstances of place and so on are the caller's. */
function clause(words: WordChoice, event: Event, style: Style, tense: Tense, negated: boolean, manner: string): Clause {
  const { agent, patient, recipient } = event;
  const group = (subject: Participant): VerbGroup => ({
    word: choose(words, event.verb),
    tense,
    negated,
    plural: isPlural(subject),
    style,
    manner,
  });
  if (patient === undefined) {
    return { subject: nounPhrase(words, agent, style, true), rest: activeVerb(group(agent)) };
  }
  if (style.voice === "passive") return passiveClause(words, event, style, group);
  const subject = nounPhrase(words, agent, style, true);
  const object = nounPhrase(words, patient, style, false);
  const verb = activeVerb(group(agent));
  if (recipient === undefined) return { subject, rest: spaced(verb, object) };
  const receiver = nounPhrase(words, recipient, style, false);
  return {
    subject,
    rest: style.dative === "to" ? spaced(verb, object, "to", receiver) : spaced(verb, receiver, object),
  };
}

function passiveClause(
  words: WordChoice,
  event: Event,
  style: Style,
  group: (subject: Participant) => VerbGroup,
): Clause {
  const patient = event.patient!;
  const by = `by ${nounPhrase(words, event.agent, style, false)}`;
  if (event.recipient === undefined) {
    return { subject: nounPhrase(words, patient, style, true), rest: spaced(passiveVerb(group(patient)), by) };
  }
  const object = nounPhrase(words, patient, style, false);
  const receiver = nounPhrase(words, event.recipient, style, false);
  return style.dative === "to"
    ? { subject: object, rest: spaced(passiveVerb(group(patient)), "to", receiver, by) }
    : { subject: receiver, rest: spaced(passiveVerb(group(event.recipient)), object, by) };
}

const conjunctions: { readonly [R in Circumstance["relation"]]: ReadonlyArray<string> } = {
  while: ["while", "as"],
  because: ["because", "since"],
  before: ["before"],
  after: ["after", "once"],
};

function circumstanceText(words: WordChoice, { relation, event }: Circumstance, style: Style): string {
  const plain: Style = { ...style, voice: "active", adjective: "attributive", aspect: "simple" };
  const { subject, rest } = clause(words, event, plain, "past", false, "");
  return spaced(chooseFrom(words, conjunctions[relation]), subject, rest);
}

/** `It was the farmer who …` reads well only in simple sentences about what was done. */
const canCleave = (meaning: Meaning, style: Style): boolean =>
  style.voice === "active" && style.adjective === "attributive" && meaning.tense === "past" && !meaning.negated;

function sentenceText(words: WordChoice, meaning: Meaning, style: Style): string {
  const manner = meaning.manner === undefined ? "" : choose(words, meaning.manner);
  const place = meaning.place === undefined ? "" : choose(words, meaning.place);
  const time = meaning.time === undefined ? "" : choose(words, meaning.time);
  const circumstance = meaning.circumstance === undefined ? "" : circumstanceText(words, meaning.circumstance, style);
  const details = { nothing: "", place, time, manner, circumstance };
  const front = details[style.fronted];
  const unlessFronted = (name: keyof typeof details): string => (style.fronted === name ? "" : details[name]);
  const mannerLeft = unlessFronted("manner");
  const beforeVerb = style.manner === "before-verb" ? mannerLeft : "";
  const { subject, rest } = clause(words, meaning, style, meaning.tense, meaning.negated, beforeVerb);
  const cleft = style.cleft && front === "" && canCleave(meaning, style);
  const tail = spaced(
    beforeVerb === "" ? mannerLeft : "",
    unlessFronted("place"),
    unlessFronted("time"),
    unlessFronted("circumstance"),
  );
  const opening = front === "" ? "" : `${front},`;
  return spaced(opening, cleft ? `it was ${subject} who` : subject, rest, tail);
}

/** One sentence, with a capital and a full stop. */
export function realise(
  random: Random,
  meaning: Meaning,
  style: Style,
  avoid: ReadonlySet<string> = new Set(),
): string {
  const text = sentenceText({ random, avoid }, meaning, style);
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
