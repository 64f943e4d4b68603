/** A loop that stops, as the commands show it: its numbers stand still, so it always ends after its second cycle. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const pipeline = `name: still
steps:
  corpus: { uses: generate-corpus, with: { sentences: 50, pairs: 12 } }
  tokenizer: { uses: train-tokenizer, in: { sentences: corpus }, with: { vocabSize: 200 } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: corpus.pairs } }
  model:
    uses: load-model
    in: { tokenizer: tokenizer }
    with: { fresh: { layers: 1, hiddenSize: 32, heads: 2, maxPositions: 64 }, maxTokens: 32 }
  loop:
    repeat: 5
    stop: { metric: eval.average }
    carry: { encoder: model.encoder }
    steps:
      eval: { uses: evaluate-sts, in: { encoder: encoder, pairs: pairs, gold: corpus.gold } }
    next: { encoder: encoder }
outputs: { numbers: "loop[last].eval" }
`;

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  place.file("still.yaml", pipeline);
});
afterAll(() => place.remove());

it("is told by run, plan, why, show and graph", { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await place.run(["run", "still.yaml"]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("output numbers: loop[2].eval.metrics\n");
  expect(stdout).toMatch(/ran 7, hits 1, failed 0, skipped 6, /);
  expect(stderr.match(/.*not run: loop\[2\]\.stop ended the loop/g)).toHaveLength(1);

  expect((await place.run(["plan", "still.yaml"])).stdout).toBe(
    "nothing to do: all 8 steps are fresh, 6 steps left out by loops that stop\n",
  );
  expect((await place.run(["why", "still.yaml", "loop[3].eval"])).stdout).toBe(
    "loop[3].eval (evaluate-sts) is skipped\nloop[2].stop ended its loop\n",
  );
  expect((await place.run(["why", "still.yaml", "loop[last].eval"])).stdout).toMatch(
    /^loop\[2\]\.eval .* is fresh; key /,
  );
  expect((await place.run(["why", "still.yaml", "loop.encoder"])).stdout).toMatch(/^model .* is fresh; key /);
  expect((await place.run(["show", "still.yaml", "loop.encoder"])).stdout).toMatch(/^model\.encoder: BiEncoder/);
  expect((await place.run(["why", "still.yaml", "loop.encodr"])).stderr).toContain("did you mean `loop.encoder`?");
  expect((await place.run(["why", "still.yaml", "loop[2].eval.metrics"])).stderr).toContain(
    "did you mean `loop[2].eval`?",
  );
  expect((await place.run(["trace", "last", "loop[last].eval"])).stdout).toMatch(/^loop\[2\]\.eval: metrics /);
  expect((await place.run(["trace", "last", "loop.encoder"])).stderr).toContain(
    "a run knows steps, not what a loop carries: name one of loop[2].eval, loop[2].stop",
  );
  expect((await place.run(["show", "still.yaml", "loop[last].stop", "--format", "csv"])).stdout).toMatch(
    /^cycle,value,best,bestCycle,decision\r\n2,-?[\d.]+,-?[\d.]+,1,stop\r\n$/,
  );
  expect(await place.run(["show", "still.yaml", "loop[3].eval"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("step `loop[3].eval` did not run: `loop[2].stop` ended the loop"),
  });
  expect((await place.run(["graph", "still.yaml"])).stdout).toContain("loop, at most 5 cycles\n");
});

it("is one line a step in the events of `run --json`", { timeout: 120_000 }, async () => {
  const { stdout } = await place.run(["run", "still.yaml", "--json"]);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly event: string });
  expect(events.find(({ event }) => event === "step.skipped")).toEqual({
    event: "step.skipped",
    step: "loop[3].eval",
    blockedBy: "loop[2].stop",
    isStopped: true,
  });
  expect(events.at(-1)).toMatchObject({ status: "succeeded", ran: 0, hits: 8, failed: 0, skipped: 6 });
});

it("needs the files of its cycles until it is known which run", { timeout: 120_000 }, async () => {
  const reading = pipeline.replace(
    "      eval:",
    "      lines: { uses: read-sentences, with: { path: 'lines${cycle}.txt' } }\n      eval:",
  );
  place.file("reading.yaml", reading);
  for (const cycle of [1, 2, 3, 4]) place.file(`lines${cycle}.txt`, `line ${cycle}\n`);
  const { code, stderr } = await place.run(["plan", "reading.yaml", "--cache", "other"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("lines5.txt is not there")]);
  place.file("lines5.txt", "line 5\n");
  expect(await place.run(["run", "reading.yaml", "--cache", "other"])).toMatchObject({ code: 0 });
  for (const cycle of [3, 4, 5]) rmSync(join(place.folder, `lines${cycle}.txt`));
  const done = "nothing to do: all 10 steps are fresh, 9 steps left out by loops that stop\n";
  expect(await place.run(["plan", "reading.yaml", "--cache", "other"])).toMatchObject({ code: 0, stdout: done });
  rmSync(join(place.folder, "lines2.txt"));
  expect((await place.run(["plan", "reading.yaml", "--cache", "other"])).stderr).toContain("lines2.txt is not there");
});

it("plan --resolved writes out its settings, as arguments set them", async () => {
  const { stdout } = await place.run(["plan", "still.yaml", "--resolved", "--set", "loop.stop.patience=3"]);
  expect(stdout).toContain("stop: { metric: eval.average, patience: 3, better: higher }\n");
});
