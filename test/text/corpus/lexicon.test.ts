import { expect, it } from "vitest";
import { lexicon, type Concept } from "../../../src/text/corpus/lexicon.ts";
import { kinds } from "../../../src/text/corpus/nouns.ts";
import { indefiniteArticle, participle, past, plural, presentParticiple } from "../../../src/text/corpus/morphology.ts";

const repeated = (concepts: ReadonlyArray<Concept>): ReadonlyArray<string> => {
  const words = concepts.flatMap((concept) => concept.words);
  return words.filter((word, i) => words.indexOf(word) !== i);
};

it("has each word for one concept of its class only", () => {
  for (const concepts of Object.values(lexicon)) expect(repeated(concepts)).toEqual([]);
});

it("has objects for every verb and a noun for every adjective", () => {
  for (const { kinds: wanted } of [...lexicon.verbs, ...lexicon.adjectives]) {
    for (const kind of wanted) expect(kinds).toContain(kind);
  }
});

it("has several hundred concepts, most with synonyms", () => {
  const all = Object.values(lexicon).flat();
  expect(all.length).toBeGreaterThan(600);
  expect(all.filter((concept) => concept.words.length > 1).length / all.length).toBeGreaterThan(0.5);
});

it.each([
  ["boat", "boats"],
  ["fisherman", "fishermen"],
  ["box", "boxes"],
  ["ferry", "ferries"],
  ["toy", "toys"],
  ["goose", "geese"],
  ["bus", "buses"],
])("makes the plural of %s: %s", (noun, expected) => expect(plural(noun)).toBe(expected));

it.each([
  ["repair", "repaired", "repaired", "repairing"],
  ["carry", "carried", "carried", "carrying"],
  ["drop", "dropped", "dropped", "dropping"],
  ["write", "wrote", "written", "writing"],
  ["catch", "caught", "caught", "catching"],
  ["free", "freed", "freed", "freeing"],
  ["tow", "towed", "towed", "towing"],
])("inflects %s: %s, %s, %s", (base, ...forms) =>
  expect([past(base), participle(base), presentParticiple(base)]).toEqual(forms),
);

it("chooses between a and an by sound", () => {
  const articles = ["boat", "apple", "honest man", "uncle", "umbrella", "unusual ring", "heavy axe"].map(
    indefiniteArticle,
  );
  expect(articles).toEqual(["a", "an", "an", "an", "an", "an", "a"]);
});
