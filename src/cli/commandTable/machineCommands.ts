/** What looks after the machine and the cache. */
import type { Command } from "../commandLine.ts";
import { cache, json } from "./operandsAndOptions.ts";

export const machineCommands: ReadonlyArray<Command> = [
  {
    name: "doctor",
    summary: "tell what this machine offers: engines and devices with their speed, and how to install what is missing",
    operands: [],
    options: [
      {
        name: "install",
        value: "NAME",
        choices: ["tensorflow"],
        description:
          "bring the tensorflow engine (600 MB), from its own package or else built against PyPI's TensorFlow",
      },
      cache,
      json,
    ],
    examples: ["doctor", "doctor --install tensorflow"],
    load: async () => (await import("../commands/doctor.ts")).doctor,
  },
  {
    name: "cache",
    summary: "look after the cache: what is in it, whether all of it is sound, and what may go",
    operands: [
      {
        name: "ACTION",
        description:
          "status: what is in it, and who is at work on it. verify: read all of it; exit code 4 where something is damaged. gc: remove what was not used lately. pin, unpin: keep what a RUN used and made from gc, or no longer",
      },
      { name: "RUN", optional: true, repeated: true, description: "for pin and unpin: a run's id, or `last`" },
    ],
    options: [
      { name: "repair", description: "verify: move what is damaged aside; the next run makes it again" },
      { name: "dry-run", description: "gc: only tell what would go, and why" },
      {
        name: "keep-days",
        value: "N",
        least: 0,
        description: "gc: what was used in the last N days stays, with all it was made from; default: 30",
      },
      {
        name: "max-size",
        value: "SIZE",
        description: "gc: of the rest, remove what was used longest ago until this much is left (500MB, 20GB)",
      },
      {
        name: "grace",
        value: "MINUTES",
        least: 10,
        description: "gc: what is younger is not looked at, since a run may be about to refer to it; default: 60",
      },
      {
        name: "runs-older-than",
        value: "DAYS",
        description:
          "gc: also remove logs of runs that began longer ago (90d), but for the last run of each file and pinned ones; default: all logs stay",
      },
      cache,
      json,
    ],
    examples: ["cache status", "cache verify --repair", "cache gc --dry-run --max-size 20GB", "cache pin last"],
    load: async () => (await import("../commands/cache.ts")).cache,
  },
];
