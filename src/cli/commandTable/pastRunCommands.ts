/** What is done with runs of the past, and how to go on from one. */
import type { Command } from "../commandLine.ts";
import { file, cache, json } from "./operandsAndOptions.ts";

export const pastRunCommands: ReadonlyArray<Command> = [
  {
    name: "runs",
    summary: "list the runs this cache has seen",
    operands: [],
    options: [cache, json],
    load: async () => (await import("../commands/runs.ts")).runs,
  },
  {
    name: "compare",
    summary: "show runs side by side: configuration, metrics and timings",
    operands: [
      { name: "RUN", description: "a run's id, the beginning of one, or `last`; `pipeline runs` lists them" },
      { name: "RUN", repeated: true, description: "the run, or runs, to compare it with" },
    ],
    options: [{ name: "all", description: "what is equal too, instead of differences only" }, cache, json],
    examples: ["compare 20261122-052025-5968 last"],
    load: async () => (await import("../commands/compare.ts")).compare,
  },
  {
    name: "trace",
    summary: "show where a value of a run comes from, down to files and settings, and what was made of it",
    operands: [
      { name: "RUN", description: "a run's id, the beginning of one, or `last`" },
      {
        name: "METRIC-OR-DIGEST",
        description:
          "distil[2].studentEval.average; the digest of an artifact, a file or a key, or its beginning; STEP[.PORT]",
      },
    ],
    options: [cache, json],
    examples: ["trace last 'distil[last].studentEval.average'", "trace last 162ef8b6"],
    load: async () => (await import("../commands/trace.ts")).trace,
  },
  {
    name: "branch",
    summary: "write a file that goes on from a cycle of a loop with other settings",
    operands: [file],
    options: [
      { name: "from", value: "LOOP[CYCLE]", description: "the last cycle that stays as it is, such as 'distil[2]'" },
      {
        name: "set",
        value: "STEP.SETTING=VALUE",
        repeated: true,
        description: "a setting of a step in the loop; also a parameter of the file, or its seed",
      },
      {
        name: "cycles",
        value: "N",
        least: 1,
        description: "cycles after that; default: those that the loop has left",
      },
      { name: "to", value: "NEW.yaml", description: "the new file, which must not be there yet" },
    ],
    examples: [
      "branch pipelines/sts.yaml --from 'distil[1]' --cycles 2 --set student.learningRate=1e-5 --to slower.yaml",
    ],
    load: async () => (await import("../commands/branch.ts")).branch,
  },
];
