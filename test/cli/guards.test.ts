import { readFileSync } from "node:fs";
import { afterAll, assert, describe, it } from "vitest";
import type { RunEvent } from "../../src/core/events.ts";
import { readSafetensors } from "../../src/model/safetensors.ts";
import { oneTraining } from "../kit/trainingPipelines.ts";
import { Workplace } from "./pipelineCommand.ts";

const place = new Workplace();
afterAll(() => place.remove());

async function run(): Promise<{ readonly code: number | null; readonly events: ReadonlyArray<RunEvent> }> {
  const { code, stdout } = await place.run(["run", "a.yaml", "--json", "--set", "bi0.learningRate=1e30"]);
  const lines = stdout.trimEnd().split("\n");
  return { code, events: lines.map((line) => JSON.parse(line) as RunEvent) };
}

describe("a training that diverges", () => {
  it("fails by name, keeps what it was before, and fails there again when it is run again", async () => {
    place.file("a.yaml", oneTraining);
    const [first, again] = [await run(), await run()];
    assert.deepStrictEqual([first.code, again.code], [1, 1]);
    const failures = [first, again].map(({ events }) => events.find((event) => event.event === "step.failed")!);
    assert.deepStrictEqual(failures[0], failures[1]);
    const { error } = failures[0]!;
    assert.strictEqual(error.cause, "divergence");
    assert.strictEqual(
      error.hint,
      "Run again as it is, it ends there again. Lower learningRate, or raise warmupRatio so that it rises more slowly.",
    );
    const said =
      /^Training diverged at update (\d+): the .+ is \w+, after a loss of [\d.e+]+\. Its state after update (\d+) is kept in (\S+)\.$/;
    const [, failedAt, keptAt, path] = said.exec(error.message)!;
    assert.strictEqual(Number(failedAt), Number(keptAt) + 1);
    const kept = readSafetensors(readFileSync(path!), path!);
    assert.isTrue(kept.has("parameter/embeddings.LayerNorm.weight"));
    // The second run did not begin anew, nor did it wait for another outcome.
    const resumed = again.events.find((event) => event.event === "step.resumed");
    assert.strictEqual(resumed?.done, Number(keptAt));
  });
});
