import { expect, it } from "vitest";
import { generatePairs, generateSentences } from "../../src/text/generateCorpus.ts";
import { spearman } from "../../src/metrics/correlation.ts";

const pairs = generatePairs(1, "test", 2000);
const sentencesOf = (list: typeof pairs) => list.flatMap((pair) => [pair.a, pair.b]);

const words = (text: string) => new Set(text.toLowerCase().split(" "));
function mean(edit: string): number {
  const scores = pairs.filter((pair) => pair.edit === edit).map((pair) => pair.score);
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

it("makes the sentences and pairs written here", () => {
  expect(generateSentences(1, "train", 3)).toMatchInlineSnapshot(`
    [
      "A few shy fishermen will shiver.",
      "A librarian described a pen at night.",
      "A lot of honest captains failed to welcome a fisherman because a skipper escaped.",
    ]
  `);
  expect(pairs.slice(0, 3)).toMatchInlineSnapshot(`
    [
      {
        "a": "The merchant grudgingly welcomed the gloomy captain in the port on Monday.",
        "b": "A shopkeeper was grudgingly welcoming the unhappy skipper in the harbour on Monday.",
        "edit": "paraphrase",
        "score": 5,
      },
      {
        "a": "The shopper rang the courageous tailor keenly in the plaza.",
        "b": "In the market, an idle auctioneer noiselessly delivered the basket.",
        "edit": "topic",
        "score": 1.22,
      },
      {
        "a": "The fighter is going to shatter a faulty eraser at night.",
        "b": "The boxer is going to break the damaged rubber at night.",
        "edit": "paraphrase",
        "score": 5,
      },
    ]
  `);
});

it("makes the beginning of a longer corpus when asked for less", () => {
  expect(generateSentences(3, "train", 50).slice(0, 20)).toEqual(generateSentences(3, "train", 20));
  expect(generatePairs(3, "test", 50).slice(0, 20)).toEqual(generatePairs(3, "test", 20));
});

it("makes other sentences for another seed", () => {
  expect(generateSentences(1, "train", 20)).not.toEqual(generateSentences(2, "train", 20));
});

it("never shares a sentence between train and test, whatever the seeds", () => {
  const train = new Set([...generateSentences(1, "train", 4000), ...sentencesOf(generatePairs(2, "train", 1000))]);
  const test = [...generateSentences(3, "test", 4000), ...sentencesOf(pairs)];
  expect(test.filter((sentence) => train.has(sentence))).toEqual([]);
});

it("has a vocabulary of two to three thousand forms, and hardly a sentence twice", () => {
  const sentences = generateSentences(1, "train", 8000);
  const words = new Set(sentences.flatMap((sentence) => sentence.toLowerCase().replace(/[.,]/g, "").split(" ")));
  expect(words.size).toBeGreaterThan(1500);
  expect(words.size).toBeLessThan(3000);
  expect(new Set(sentences).size / sentences.length).toBeGreaterThan(0.99);
});

it("gives paraphrases 5, unlike pairs less, and all grades between", () => {
  expect(mean("paraphrase")).toBe(5);
  expect(mean("modifiers")).toBeGreaterThan(mean("one-slot"));
  expect(mean("one-slot")).toBeGreaterThan(mean("two-slots"));
  expect(mean("two-slots")).toBeGreaterThan(mean("topic"));
  expect(mean("topic")).toBeGreaterThan(mean("unrelated"));
  for (const grade of [0, 1, 2, 3, 4]) {
    expect(pairs.filter((pair) => pair.score >= grade && pair.score <= grade + 1).length).toBeGreaterThan(50);
  }
});

it("leaves room above counting common words", () => {
  const overlap = pairs.map(({ a, b }) => {
    const [left, right] = [words(a), words(b)];
    const common = [...left].filter((word) => right.has(word)).length;
    return common / (left.size + right.size - common);
  });
  const gold = pairs.map((pair) => pair.score);
  const correlation = spearman(Float64Array.from(overlap), Float64Array.from(gold));
  expect(correlation).toBeGreaterThan(0.3);
  expect(correlation).toBeLessThan(0.5);
});
