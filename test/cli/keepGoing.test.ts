/** `--keep-going`: what a failure does not block runs, and of what it blocks the blocker is named. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { tinyData, Workplace } from "./pipelineCommand.ts";

const pipeline = `steps:
  corpus: { uses: read-sentences, with: { path: data.txt } }
  bad: { uses: read-pairs, with: { path: bad.tsv } }
  fewPairs: { uses: sample, in: { from: bad.pairs }, with: { rows: 1 } }
  once: { uses: deduplicate, in: { from: fewPairs } }
  few: { uses: sample, in: { from: corpus }, with: { rows: 2 } }
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.file("a.yaml", pipeline);
  place.file("data.txt", tinyData);
  place.file("bad.tsv", "sentence1\tsentence2\na\tb\nonly one\n");
});
afterEach(() => place.remove());

const eventsOf = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly event: string; readonly step: string; readonly blockedBy?: string });

it("runs what is not blocked, and names the blocker of what is, in events and in text", async () => {
  const json = await place.run(["run", "a.yaml", "--keep-going", "--json"]);
  expect(json.code).toBe(1);
  const events = eventsOf(json.stdout);
  expect(events.filter(({ event }) => event === "step.skipped")).toEqual([
    { event: "step.skipped", step: "fewPairs", blockedBy: "bad" },
    { event: "step.skipped", step: "once", blockedBy: "bad" },
  ]);
  expect(events.filter(({ event }) => event === "step.finished").map(({ step }) => step)).toEqual(["corpus", "few"]);
  const text = await place.run(["run", "a.yaml", "--keep-going", "--force", "few"]);
  expect(text.code).toBe(1);
  expect(text.stderr.replaceAll(/^ *[\d.]+s {2}/gm, "").split("\n")).toEqual(
    expect.arrayContaining(["few: started", "fewPairs: skipped: bad failed", "once: skipped: bad failed"]),
  );
  expect(text.stdout).toContain("ran 1, hits 1, failed 1, skipped 2");
});

it("without it nothing new starts after a failure, and that is what blocks the rest", async () => {
  const { code, stdout } = await place.run(["run", "a.yaml", "--jobs", "1", "--json"]);
  expect(code).toBe(1);
  const events = eventsOf(stdout);
  expect(
    events.flatMap(({ event, step, blockedBy }) => (event === "step.skipped" ? `${step} (${blockedBy})` : [])),
  ).toEqual(["fewPairs (bad)", "once (bad)", "few (bad)"]);
  place.file("bad.tsv", "sentence1\tsentence2\na\tb\n");
  const mended = await place.run(["run", "a.yaml"]);
  expect([mended.code, /ran \d, hits \d/.exec(mended.stdout)![0]]).toEqual([0, "ran 4, hits 1"]);
});
