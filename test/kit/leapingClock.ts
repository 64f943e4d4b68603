/**
 * Imported for its effect: where `LEAPING_CLOCK` is set, the clock of this process leaps back and forth by up to twelve hours, every tenth of
 * a second, as one with all processes of the same setting. The file system's own clock does not.
 */
import { randomOf } from "./toil.ts";

const variable = "LEAPING_CLOCK";

export const leapingClock = (seed: number) => ({ [variable]: String(seed) });
export const isLeaping = (env: object): boolean => Object.hasOwn(env, variable);

const seed = process.env[variable];
if (seed !== undefined) {
  const now = Date.now;
  const hours = (tenth: number) => 24 * randomOf(Number(seed) + tenth)() - 12;
  Date.now = () => now() + Math.round(3_600_000 * hours(Math.floor(now() / 100)));
}
