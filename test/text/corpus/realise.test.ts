import { expect, it } from "vitest";
import { lexicon, type Concept } from "../../../src/text/corpus/lexicon.ts";
import type { Meaning } from "../../../src/text/corpus/meaning.ts";
import { realise } from "../../../src/text/corpus/realise.ts";
import type { Style } from "../../../src/text/corpus/Style.ts";
import { makeRandom } from "../../../src/text/random.ts";

const concept = (word: string, of: keyof typeof lexicon): Concept => {
  const found = lexicon[of].find((each) => each.words[0] === word)!;
  return { ...found, words: [word] };
};

const meaning: Meaning = {
  domain: "sea",
  verb: concept("give", "verbs"),
  agent: { noun: concept("fisherman", "nouns"), adjective: concept("old", "adjectives"), count: "two" },
  patient: { noun: concept("boat", "nouns"), adjective: concept("wooden", "adjectives"), count: "three" },
  recipient: { noun: concept("pilot", "nouns"), count: "three" },
  tense: "past",
  negated: false,
  place: concept("near the lighthouse", "places"),
  manner: concept("proudly", "manners"),
};

const plain: Style = {
  voice: "active",
  fronted: "nothing",
  dative: "to",
  adjective: "attributive",
  manner: "before-verb",
  negation: "not",
  aspect: "simple",
  cleft: false,
};

const avoid = new Set(["a pair of", "a couple of"]);
const say = (change: Partial<Style>, said: Partial<Meaning> = {}): string =>
  realise(makeRandom(1), { ...meaning, ...said }, { ...plain, ...change }, avoid);

it("puts one meaning into many forms", () => {
  expect([
    say({}),
    say({ dative: "double", manner: "end" }),
    say({ voice: "passive", fronted: "place" }),
    say({ voice: "passive", dative: "double", aspect: "extended" }),
    say({ adjective: "relative", aspect: "extended" }),
    say({ cleft: true, fronted: "nothing" }),
  ]).toEqual([
    "Two old fishermen proudly gave three wooden boats to three pilots near the lighthouse.",
    "Two old fishermen gave three pilots three wooden boats proudly near the lighthouse.",
    "Near the lighthouse, three wooden boats were proudly given to three pilots by two old fishermen.",
    "Three pilots were being proudly given three wooden boats by two old fishermen near the lighthouse.",
    "Two fishermen who were old were proudly giving three wooden boats to three pilots near the lighthouse.",
    "It was two old fishermen who proudly gave three wooden boats to three pilots near the lighthouse.",
  ]);
});

it("negates and tells of the future", () => {
  const brief = {
    place: undefined,
    manner: undefined,
    recipient: undefined,
    verb: concept("repair", "verbs"),
  } as unknown as Partial<Meaning>;
  const negated = { ...brief, negated: true };
  expect([
    say({}, negated),
    say({ negation: "never" }, negated),
    say({ negation: "fail" }, negated),
    say({ voice: "passive" }, negated),
    say({}, { ...brief, tense: "future" }),
    say({ aspect: "extended" }, { ...negated, tense: "future" }),
  ]).toEqual([
    "Two old fishermen did not repair three wooden boats.",
    "Two old fishermen never repaired three wooden boats.",
    "Two old fishermen failed to repair three wooden boats.",
    "Three wooden boats were not repaired by two old fishermen.",
    "Two old fishermen will repair three wooden boats.",
    "Two old fishermen are not going to repair three wooden boats.",
  ]);
});

it("takes words that the other sentence does not use", () => {
  const boat = lexicon.nouns.find((noun) => noun.words[0] === "boat")!;
  const said = { ...meaning, patient: { noun: boat, count: "three" as const } };
  for (let row = 0; row < 20; row++) {
    expect(realise(makeRandom(row), said, plain, new Set(["boat"]))).toContain("vessels");
  }
});

it("joins a circumstance before or after", () => {
  const circumstance = {
    relation: "before",
    event: { verb: concept("pray", "verbs"), agent: { noun: concept("pilot", "nouns"), count: "three" } },
  } as const;
  const said = {
    ...meaning,
    circumstance,
    place: undefined,
    manner: undefined,
    recipient: undefined,
  } as unknown as Meaning;
  expect([say({}, said), say({ fronted: "circumstance" }, said)]).toEqual([
    "Two old fishermen gave three wooden boats before three pilots prayed.",
    "Before three pilots prayed, two old fishermen gave three wooden boats.",
  ]);
});
