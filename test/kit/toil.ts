/**
 * Work for many processes on one cache: a stage that says when it begins, and graphs that overlap at random, made from a seed. What each
 * step has to come to is known without running anything.
 */
import { appendFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { listInput, optionalInput, output } from "../../src/core/ArtifactType.ts";
import { contentDigest } from "../../src/core/digest.ts";
import type { Graph } from "../../src/core/Graph.ts";
import { defineStage } from "../../src/core/Stage.ts";
import { Text } from "./fakeStages.ts";
import { graphOf, type StepSpec } from "./graphs.ts";
import { bytesOf } from "./records.ts";

/** Where `toil` says that it begins: a line with what makes its key, and its process. */
export const toilLog = "TOIL_LOG";

/** Long enough for a torn read to show. */
const contentOf = (words: string): string => `${words} `.repeat(4000);

export const toil = defineStage({
  name: "toil",
  version: 1,
  description: "Takes its time, and says so.",
  config: Schema.Struct({ words: Schema.String, ms: Schema.Number }),
  inputs: { after: optionalInput(Text, "what has to be there first") },
  outputs: { text: output(Text, "a long text") },
  run: ({ config: { words, ms }, inputs: { after = "nothing" } }) =>
    Effect.promise(async () => {
      const log = process.env[toilLog];
      if (log !== undefined) appendFileSync(log, `${words}<${after.split(" ")[0]} ${process.pid}\n`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { text: contentOf(words) };
    }),
});

export const gather = defineStage({
  name: "gather",
  version: 1,
  description: "How long several texts are together, and their first words.",
  config: Schema.Struct({}),
  inputs: { parts: listInput(Text, "texts") },
  outputs: { text: output(Text, "a text") },
  run: ({ inputs }) => Effect.succeed({ text: gathered(inputs.parts) }),
});

const gathered = (parts: ReadonlyArray<string>): string =>
  `${parts.reduce((sum, { length }) => sum + length, 0)} ${parts.map((part) => part.split(" ")[0]).join(" ")}`;

const digestOf = (text: string) => ({ text: contentDigest(bytesOf(text)) });

export interface Toil {
  readonly graph: Graph;
  /** Step → port → digest that it has to end with. */
  readonly digests: { readonly [step: string]: { readonly text: string } };
}

/** Numbers from 0 to 1 of a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Half of `words` steps, and what is gathered of them at the end: with `lastMs`, after a step of half that time and one of that time, so
 * that what was found at the start is older than any lease.
 */
export function toilOf(seed: number, words = 10, longestMs = 60, lastMs = 0): Toil {
  const random = randomOf(seed);
  const chosen = Array.from({ length: words }, (_, i) => `w${i}`).filter(() => random() < 0.5);
  const names = chosen.length === 0 ? ["w0"] : chosen;
  const steps: Array<StepSpec> = names.map((name, i) => ({
    id: name,
    uses: toil,
    // The same for every graph: the key has it.
    with: { words: name, ms: Math.round(longestMs * randomOf(Number(name.slice(1)))()) },
    ...(i === names.length - 1 && i > 0 ? { in: { after: names[0]! } } : {}),
  }));
  const last: ReadonlyArray<StepSpec> =
    lastMs > 0
      ? [
          { id: "mid", uses: toil, with: { words: `mid${seed}`, ms: lastMs / 2 } },
          { id: "last", uses: toil, with: { words: `last${seed}`, ms: lastMs }, in: { after: "mid" } },
        ]
      : [];
  const parts = [...names, ...last.map(({ id }) => id)];
  const graph = graphOf([...steps, ...last, { id: "all", uses: gather, in: { parts } }]);
  const texts = [...names, ...last.map(({ id }) => `${id}${seed}`)].map(contentOf);
  const entries = parts.map((id, i) => [id, digestOf(texts[i]!)] as const);
  return { graph, digests: { ...Object.fromEntries(entries), all: digestOf(gathered(texts)) } };
}
