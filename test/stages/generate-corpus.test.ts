import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Pairs } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import stage from "../../stages/generate-corpus.ts";

const run = (config: unknown, seed = 1) =>
  stage.run({ config: Schema.decodeUnknownSync(stage.config)(config), inputs: {}, inputDigests: {}, seed, files: {} });

it.effect("gives as many sentences and pairs as asked for, times scale", () =>
  Effect.gen(function* () {
    const { sentences, pairs, gold } = yield* run({ sentences: 200, pairs: 50, scale: 0.1 });
    assert.strictEqual(sentences.texts.length, 20);
    assert.strictEqual(pairs.a.length, 5);
    assert.strictEqual(pairs.b.length, 5);
    assert.strictEqual(gold.scores.length, 5);
  }),
);

it.effect("ties the gold to the pairs by their digest and names the set", () =>
  Effect.gen(function* () {
    const { pairs, gold } = yield* run({ pairs: 4, split: "test", set: "box" });
    assert.strictEqual(gold.pairs, contentDigest(yield* Effect.promise(() => Pairs.encode(pairs))));
    assert.deepStrictEqual(gold.sets, ["box", "box", "box", "box"]);
    assert.isTrue(gold.scores.every((score) => score >= 0 && score <= 5));
  }),
);

it.effect("makes something however small the scale, and nothing when nothing is asked for", () =>
  Effect.gen(function* () {
    const { sentences, pairs } = yield* run({ sentences: 100, scale: 0.001 });
    assert.strictEqual(sentences.texts.length, 1);
    assert.strictEqual(pairs.a.length, 0);
  }),
);

it.effect("makes the same for the same seed and another for another", () =>
  Effect.gen(function* () {
    const first = yield* run({ sentences: 5, pairs: 5 });
    assert.deepStrictEqual(first, yield* run({ sentences: 5, pairs: 5 }));
    assert.notDeepEqual(first, yield* run({ sentences: 5, pairs: 5 }, 2));
  }),
);

it("refuses numbers that make no sense", () => {
  for (const config of [{ sentences: -1 }, { pairs: 1.5 }, { scale: 0 }, { split: "dev" }, { set: "" }]) {
    assert.throws(() => Schema.decodeUnknownSync(stage.config)(config));
  }
});
