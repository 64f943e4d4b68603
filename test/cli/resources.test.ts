/** `resources` with the real command: threads of a real training, and what the machine does not have. */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ActionRecord } from "../../src/core/ActionRecord.ts";
import type { RunEvent } from "../../src/core/events.ts";
import { oneTraining } from "../kit/trainingPipelines.ts";
import { Workplace } from "./pipelineCommand.ts";

let place: Workplace;
beforeEach(() => void (place = new Workplace()));
afterEach(() => place.remove());

type Finished = Extract<RunEvent, { readonly event: "step.finished" }>;
const eventsOf = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);

it("a training computes with as many threads as it claims cores, to the same bytes under the same key", async () => {
  place.file("a.yaml", oneTraining.replace("epochs: 2", "epochs: 1"));
  const cores = Math.min(2, availableParallelism());
  const runs = [];
  for (const cpu of [1, cores]) {
    const cache = `cache${runs.length}`;
    const set = `bi0.resources.cpu=${cpu}`;
    const { code, stdout } = await place.run(["run", "a.yaml", "--json", "--cache", cache, "--set", set]);
    expect(code).toBe(0);
    const { fingerprint, outputs } = eventsOf(stdout).find(
      (event) => event.event === "step.finished" && event.step === "bi0",
    ) as Finished;
    const record = join(place.folder, cache, "actions", fingerprint.slice(0, 2), `${fingerprint}.json`);
    const { provenance } = JSON.parse(readFileSync(record, "utf8")) as ActionRecord;
    runs.push({ fingerprint, outputs, threads: provenance.environment["threads"] });
  }
  expect(runs[1]).toEqual({ ...runs[0], threads: cores });
  expect(runs[0]!.threads).toBe(1);
});

it("a step that asks for what the machine does not have is told at its place, and nothing runs", async () => {
  place.file("data.txt", "one fish\n");
  place.file(
    "a.yaml",
    `steps:
  corpus: { uses: read-sentences, with: { path: data.txt } }
  few: { uses: sample, in: { from: corpus }, with: { rows: 1 }, resources: { memory: 900TB, gpu: 400 } }
`,
  );
  const { code, stdout, stderr } = await place.run(["run", "a.yaml"]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr.replaceAll(/has (?:\d|none).*/g, "has LESS")).toBe(
    ["memory", "gpu"]
      .map(
        (
          key,
        ) => `a.yaml:3:3: error: step \`few\` asks for ${key === "gpu" ? "400 GPUs" : "900 TB of memory"}, and this machine has LESS
  3 |   few: { uses: sample, in: { from: corpus }, with: { rows: 1 }, resources: { memory: 900TB, gpu: 400 } }
    |   ^^^
  hint: lower \`resources.${key}\` of the step, or run it on a machine that has as much

`,
      )
      .join("") + "2 errors\n",
  );
  expect(existsSync(join(place.folder, "cache", "actions"))).toBe(false);
});
