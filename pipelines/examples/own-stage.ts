/**
 * `pair-by-overlap`: from sentences to pairs that share words, as candidates for pseudo-labels where nobody has pairs. Each
 * sentence meets the one that shares most of its words with it (Jaccard), unless that is too little or nearly all.
 */
import { defineStage, Effect, input, output, Pairs, Schema, Sentences } from "tandem";

const share = (description: string, byDefault: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
    .annotate({ description: `${description}, 0 to 1; default ${byDefault}.` })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(byDefault)));

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/\p{L}+/gu));

const overlap = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  const common = [...a].filter((word) => b.has(word)).length;
  return common / (a.size + b.size - common || 1);
};

export default defineStage({
  name: "pair-by-overlap",
  description: "Pairs each sentence with the one that shares most words with it.",
  config: Schema.Struct({
    least: share("The smallest share of common words", 0.2),
    most: share("The largest share of common words", 0.8),
  }),
  inputs: { sentences: input(Sentences, "The sentences to pair") },
  outputs: { pairs: output(Pairs, "One pair for each sentence that has a partner") },
  run: ({ config, inputs }) => {
    const { texts } = inputs.sentences;
    const words = texts.map(wordsOf);
    const pairs = texts.flatMap((text, i) => {
      let [partner, best] = [-1, -1];
      for (const [j, other] of words.entries()) {
        const shared = overlap(words[i]!, other);
        if (j !== i && shared > best && shared >= config.least && shared <= config.most) [partner, best] = [j, shared];
      }
      return partner < 0 ? [] : [{ a: text, b: texts[partner]! }];
    });
    return { pairs: { a: pairs.map(({ a }) => a), b: pairs.map(({ b }) => b) } };
  },
});
