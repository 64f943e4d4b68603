/** How a sentence says what it says: the choices that leave its meaning alone. Paraphrases differ in these and in their words. */
import type { Random } from "../random.ts";

export interface Style {
  readonly voice: "active" | "passive";
  /** What stands before the subject, where the meaning has it. */
  readonly fronted: "nothing" | "place" | "time" | "manner" | "circumstance";
  /** `gave a book to the boy` or `gave the boy a book`. */
  readonly dative: "to" | "double";
  /** `the old farmer` or `the farmer who was old`. */
  readonly adjective: "attributive" | "relative";
  readonly manner: "before-verb" | "end";
  /** `did not see`, `never saw`, `failed to see`. */
  readonly negation: "not" | "never" | "fail";
  /** `repaired` or `was repairing`; `will repair` or `is going to repair`. */
  readonly aspect: "simple" | "extended";
  /** `It was the farmer who …` */
  readonly cleft: boolean;
}

export const drawStyle = (random: Random): Style => ({
  voice: random.chance(25) ? "passive" : "active",
  fronted: random.chance(30) ? random.pick(["place", "time", "manner", "circumstance"] as const) : "nothing",
  dative: random.chance(50) ? "to" : "double",
  adjective: random.chance(15) ? "relative" : "attributive",
  manner: random.chance(50) ? "before-verb" : "end",
  negation: random.pick(["not", "not", "never", "fail"] as const),
  aspect: random.chance(15) ? "extended" : "simple",
  cleft: random.chance(4),
});

const other = <A>(random: Random, options: ReadonlyArray<A>, than: A): A =>
  random.pick(options.filter((option) => option !== than));

/** A style unlike `style`: each choice is turned with the odds in percent. */
export const turnStyle = (random: Random, style: Style): Style => ({
  voice: random.chance(50) ? other(random, ["active", "passive"] as const, style.voice) : style.voice,
  fronted: random.chance(60)
    ? other(random, ["nothing", "place", "time", "circumstance"] as const, style.fronted)
    : style.fronted,
  dative: random.chance(70) ? other(random, ["to", "double"] as const, style.dative) : style.dative,
  adjective: random.chance(25) ? other(random, ["attributive", "relative"] as const, style.adjective) : style.adjective,
  manner: random.chance(60) ? other(random, ["before-verb", "end"] as const, style.manner) : style.manner,
  negation: random.chance(60) ? other(random, ["not", "never", "fail"] as const, style.negation) : style.negation,
  aspect: random.chance(25) ? other(random, ["simple", "extended"] as const, style.aspect) : style.aspect,
  cleft: random.chance(8),
});
