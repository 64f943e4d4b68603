/** The pipelines of pipelines/examples, run as their first lines say. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

const examples = fileURLToPath(new URL("../../pipelines/examples", import.meta.url));
let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  for (const file of ["01-loops.yaml", "02-matrix.yaml"]) copyFileSync(join(examples, file), join(place.folder, file));
});
afterAll(() => place.remove());

const json = async (...args: ReadonlyArray<string>): Promise<unknown> => {
  const { code, stdout, stderr } = await place.run([...args, "--json"]);
  expect({ code }, stderr).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
};

interface Planned {
  readonly steps: ReadonlyArray<{ readonly step: string; readonly state: string }>;
}
const statesOf = async (file: string, ...sets: ReadonlyArray<string>) => {
  const { steps } = (await json("plan", file, ...sets)) as Planned;
  return Object.groupBy(steps, ({ state }) => state);
};
const ids = (steps: Planned["steps"] | undefined) => (steps ?? []).map(({ step }) => step);

describe("01-loops.yaml", () => {
  it("runs until its development set sees no gain, and then has nothing to do", { timeout: 180_000 }, async () => {
    const first = await place.run(["run", "01-loops.yaml", "--set", "cycles=4"]);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    const states = await statesOf("01-loops.yaml");
    expect(states["stale"] ?? states["waits"]).toBeUndefined();
    const lastRun = ids(states["fresh"]).filter((id) => id.endsWith(".stop")).length;
    expect(first.stdout).toContain(`output encoder: distil[${lastRun}].student.encoder`);
    expect(ids(states["skipped"]).filter((id) => id.endsWith(".student"))).toHaveLength(4 - lastRun);
    const again = await place.run(["run", "01-loops.yaml"]);
    expect(again.stdout).toContain("nothing to do: all ");
    expect(again.stderr).toBe("");
    const shown = await place.run(["show", "01-loops.yaml", "distil[last].stop", "--format", "json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject([
      { cycle: lastRun, decision: lastRun < 4 ? "stop" : expect.any(String) },
    ]);
    const metrics = (await json("metrics", "01-loops.yaml")) as ReadonlyArray<{ step: string; cycle: number | null }>;
    expect(new Set(metrics.map(({ step, cycle }) => `${step} ${cycle}`)).size).toBe(lastRun + 2);
  });
});

describe("02-matrix.yaml", () => {
  it("shares what its cells have in common, and runs only the cells of a new seed", { timeout: 180_000 }, async () => {
    const first = await place.run(["run", "02-matrix.yaml"]);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toContain("before[seed=2]");
    const states = await statesOf("02-matrix.yaml", "--set", "seeds=1,2,3");
    expect(ids(states["stale"]).slice(0, 4)).toEqual(["bi0[seed=3]", "before[seed=3]", "labels[seed=3]", "mean"]);
    expect(ids(states["fresh"])).toContain("bi0[seed=2]");
    const why = (await json("why", "02-matrix.yaml", "bi0[seed=3]", "--set", "seeds=1,2,3")) as { why: unknown };
    const cell = "cross[learningRate=3e-3]";
    expect(await json("why", "02-matrix.yaml", cell)).toMatchObject({ step: "cross[learningRate=0.003]" });
    expect((await place.run(["trace", "last", cell])).stdout).toMatch(/^cross\[learningRate=0\.003\]: /);
    expect(why.why).toEqual([{ part: "seed", path: "seed", from: expect.any(Number), to: 3 }]);
  });

  it("printed with every default stands by itself", { timeout: 60_000 }, async () => {
    const { stdout } = await place.run(["plan", "02-matrix.yaml", "--resolved"]);
    place.file("whole.yaml", stdout);
    const states = await statesOf("whole.yaml");
    expect(Object.keys(states)).toEqual(["fresh"]);
  });
});
