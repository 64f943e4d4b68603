import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyData, tinyPipeline, Workplace } from "./pipelineCommand.ts";

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  place.file("a.yaml", tinyPipeline);
  place.file("data.txt", tinyData);
});
afterAll(() => place.remove());

/** Times and ids that differ from run to run. */
const steady = (text: string) =>
  text
    .replaceAll(/\d{8}-\d{6}-[0-9a-f]{4}/g, "RUN")
    .replaceAll(/\d+(\.\d+)? (ms|s)\b/g, "TIME")
    .replaceAll(/^ +\d+\.\ds/gm, "AT")
    .replaceAll(/[0-9a-f]{2}\/[0-9a-f]{62}/g, "BLOB");

describe("pipeline run", () => {
  it("runs what is stale and says where things are", async () => {
    const { code, stdout, stderr } = await place.run(["run", "a.yaml", "--jobs", "1"]);
    expect(steady(stdout)).toBe(`run RUN

output rows: again[2].unique.unique
  cache/objects/sha256/BLOB

ran 6, hits 0, failed 0, TIME
`);
    expect(steady(stderr)).toBe(`AT  run RUN: 6 steps to run, 0 fresh
AT  corpus: started
AT  corpus: finished in TIME
AT  few: started
AT  few: finished in TIME
AT  again[1].half: started
AT  again[1].half: finished in TIME
AT  again[1].unique: started
AT  again[1].unique: finished in TIME
AT  again[2].half: started
AT  again[2].half: finished in TIME
AT  again[2].unique: started
AT  again[2].unique: finished in TIME
AT  run succeeded
`);
    expect(code).toBe(0);
  });

  it("has nothing to do the second time, and says so in one line", async () => {
    const { code, stdout, stderr } = await place.run(["run", "a.yaml"]);
    expect(steady(stdout)).toBe(`run RUN
nothing to do: all 6 steps are fresh

output rows: again[2].unique.unique
  cache/objects/sha256/BLOB

ran 0, hits 6, failed 0, TIME
`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("grows by the new cycle only", async () => {
    const { stdout } = await place.run(["run", "a.yaml", "--set", "cycles=3", "--json"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; step?: string });
    expect(events.map(({ event, step }) => `${event} ${step ?? ""}`.trim())).toEqual([
      "run.started",
      ...["corpus", "few", "again[1].half", "again[1].unique", "again[2].half", "again[2].unique"].map(
        (step) => `step.hit ${step}`,
      ),
      "step.started again[3].half",
      "step.finished again[3].half",
      "step.started again[3].unique",
      "step.finished again[3].unique",
      "run.finished",
    ]);
  });

  it("stops with exit code 1 where a step fails, naming the place", async () => {
    place.file("bad.yaml", "name: bad\nsteps:\n  corpus: { uses: read-sentences, with: { path: empty.txt } }\n");
    place.file("empty.txt", "");
    const { code, stdout, stderr } = await place.run(["run", "bad.yaml"]);
    expect(stderr).toMatch(/^empty\.txt: error: step corpus: the file is empty\n {2}hint: write one sentence/m);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(stdout).toMatch(/ran 0, hits 0, failed 1/);
    expect(code).toBe(1);
  });

  it("ends with exit code 2 for a file that is not there, is a folder, or holds mistakes", async () => {
    mkdirSync(join(place.folder, "folder"), { recursive: true });
    expect(await place.run(["run", "b.yaml"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "b.yaml: error: there is no such pipeline file\n  hint: did you mean `a.yaml`?\n",
    });
    expect(await place.run(["run", "folder"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "folder: error: this is a folder, not a pipeline file\n  hint: name a pipeline file (YAML)\n",
    });
    place.file("typo.yaml", "name: typo\nsteps:\n  corpus: { uses: read-sentence, with: { path: data.txt } }\n");
    const { code, stderr } = await place.run(["run", "typo.yaml"]);
    expect(stderr).toBe(`typo.yaml:3:19: error: there is no stage \`read-sentence\`
  3 |   corpus: { uses: read-sentence, with: { path: data.txt } }
    |                   ^^^^^^^^^^^^^
  hint: did you mean \`read-sentences\`?

1 error
`);
    expect(code).toBe(2);
  });

  it("ends with exit code 2 for an unknown parameter, step or missing data", async () => {
    const unknown = await place.run(["run", "a.yaml", "--set", "cycels=4"]);
    expect(unknown.stderr).toContain(
      "--set cycels=4: error: there is no parameter `cycels`\n  hint: did you mean `cycles`?",
    );
    expect(unknown.code).toBe(2);
    const step = await place.run(["run", "a.yaml", "--until", "fwe"]);
    expect(step.stderr).toMatch(/few/);
    expect(step.code).toBe(2);
    place.file("gone.yaml", "name: gone\nsteps:\n  corpus: { uses: read-sentences, with: { path: gone.txt } }\n");
    const gone = await place.run(["run", "gone.yaml"]);
    expect(gone.stderr).toMatch(/gone\.txt/);
    expect(gone.stderr).not.toMatch(/\n {4}at /);
    expect(gone.code).toBe(2);
  });

  it.skipIf(process.getuid?.() === 0)("ends with exit code 3 where the cache cannot be written", async () => {
    const locked = join(place.folder, "locked");
    mkdirSync(locked);
    chmodSync(locked, 0o555);
    expect((await place.run(["run", "a.yaml", "--cache", join(locked, "cache")])).code).toBe(3);
  });

  it("ends with exit code 3 where the cache is a file", async () => {
    place.file("not-a-folder", "");
    const { code, stderr } = await place.run(["run", "a.yaml", "--cache", "not-a-folder"]);
    expect(stderr).toMatch(/error: .*not-a-folder/);
    expect(code).toBe(3);
  });

  it("takes the cache folder from --cache, PIPELINE_CACHE, or beside the pipeline file", async () => {
    await place.run(["run", "a.yaml", "--cache", "one"]);
    await place.run(["run", "a.yaml"], { env: { PIPELINE_CACHE: "two" } });
    expect(["one", "two", "cache"].map((name) => existsSync(join(place.folder, name, "objects")))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("logs to stderr from the level that PIPELINE_LOG names, and refuses one that is none", async () => {
    const { stderr } = await place.run(["run", "a.yaml", "--json", "--force", "few"], {
      env: { PIPELINE_LOG: "info" },
    });
    expect(
      stderr
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { msg: string }).msg),
    ).toContain("step.finished");
    const wrong = await place.run(["run", "a.yaml"], { env: { PIPELINE_LOG: "inof" } });
    expect(wrong).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: PIPELINE_LOG cannot be `inof`\n  hint: did you mean `info`?\n",
    });
  });
});

describe("pipeline plan and why", () => {
  it("tell value by value what changed, and the root cause", async () => {
    const plan = await place.run(["plan", "a.yaml", "--set", "rows=4"]);
    expect(steady(plan.stdout).replaceAll(/ +TIME/g, " TIME")).toMatch(/^few +sample TIME +config rows: 3 → 4$/m);
    expect(steady(plan.stdout)).toMatch(/^at most 5 steps to run, 1 fresh, about TIME$/m);
    const why = await place.run(["why", "a.yaml", "again[1].half", "--set", "rows=4"]);
    expect(why.stdout.replaceAll(/[0-9a-f]{10}/g, "KEY"))
      .toBe(`again[1].half (sample) is stale; its key is known once earlier steps have run
against the nearest earlier record, KEY:
  input from: few runs first
root cause:
  again[1].half: input from: few runs first
  few: config rows: 3 → 4
`);
  });

  it("give JSON of the documented shape", async () => {
    const plan = JSON.parse((await place.run(["plan", "a.yaml", "--set", "rows=4", "--json"])).stdout);
    expect(plan.steps[1]).toMatchObject({
      step: "few",
      stage: "sample",
      state: "stale",
      why: [{ part: "config", path: "rows", from: 3, to: 4 }],
    });
    const why = JSON.parse((await place.run(["why", "a.yaml", "few", "--set", "rows=4", "--json"])).stdout);
    expect(why).toMatchObject({
      step: "few",
      rootCause: [{ step: "few", part: "config", path: "rows", from: 3, to: 4 }],
    });
    expect(why.nearest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("--resolved prints a file that runs the same, with every default written out", async () => {
    const { stdout } = await place.run(["plan", "a.yaml", "--resolved", "--set", "cycles=3"]);
    expect(stdout).toContain("params: { cycles: 3, rows: 3 }");
    expect(stdout).toContain('with: { rows: "${cycle}" }');
    place.file("resolved.yaml", stdout);
    const again = await place.run(["plan", "resolved.yaml", "--json"]);
    const states = (JSON.parse(again.stdout) as { steps: ReadonlyArray<{ state: string }> }).steps.map(
      (step) => step.state,
    );
    expect(new Set(states)).toEqual(new Set(["fresh"]));
  });
});

describe("pipeline show", () => {
  it("prints any artifact as a table, JSON or CSV", async () => {
    expect(
      (await place.run(["show", "a.yaml", "corpus", "--head", "2"])).stdout.replace(/[0-9a-f]{10}/, "DIGEST"),
    ).toBe("corpus.sentences: Sentences, 4 rows, DIGEST\n\ntext\none fish\ntwo fish\n… 2 more rows\n");
    const json = JSON.parse((await place.run(["show", "a.yaml", "corpus", "--format", "json"])).stdout);
    expect(json).toEqual(
      tinyData
        .trim()
        .split("\n")
        .map((text) => ({ text })),
    );
    expect((await place.run(["show", "a.yaml", "corpus.sentences", "--format", "csv", "--head", "1"])).stdout).toBe(
      "text\r\none fish\r\n",
    );
  });

  it("writes the Arrow file as the cache has it, by the ending of --to", async () => {
    await place.run(["show", "a.yaml", "again[last].unique", "--to", "rows.arrow"]);
    expect(readFileSync(join(place.folder, "rows.arrow")).subarray(0, 6).toString()).toBe("ARROW1");
  });

  it("says what is not there and what to do", async () => {
    const hints = await Promise.all([
      place.run(["show", "a.yaml", "corpsu"]),
      place.run(["show", "a.yaml", "corpus.text"]),
      place.run(["show", "a.yaml", "again.half"]),
      place.run(["show", "a.yaml", "few", "--set", "rows=1"]),
    ]);
    expect(hints.map(({ code, stderr }) => [code, stderr])).toEqual([
      [2, "error: there is no step `corpsu`\n  hint: did you mean `corpus`?\n"],
      [2, "error: step `corpus` has no output `text`\n  hint: its outputs: sentences\n"],
      [2, "error: `again.half` is in a loop\n  hint: name one of again[1].half, again[2].half\n"],
      [
        2,
        "error: step `few` has not run with these settings\n  hint: pipeline run a.yaml --set rows=1 --until 'few'\n",
      ],
    ]);
  });
});

describe("the other commands", () => {
  it("list runs in a table and as JSON", async () => {
    expect((await place.run(["runs"])).stdout).toMatch(/^run +file +started +status +ran +hits +failed\n/);
    const runs = JSON.parse((await place.run(["runs", "--json"])).stdout);
    expect(runs[0]).toMatchObject({
      status: "succeeded",
      ran: 6,
      hits: 0,
      failed: 0,
      file: join(place.folder, "a.yaml"),
    });
  });

  it("list stages with versions, ports and the config's JSON Schema", async () => {
    const stages = JSON.parse((await place.run(["stages", "--json"])).stdout) as ReadonlyArray<{ name: string }>;
    expect(stages.find((stage) => stage.name === "sample")).toMatchObject({
      version: expect.any(Number),
      description: expect.any(String),
      config: { type: "object", properties: { rows: { type: "integer" } } },
      inputs: { from: "Sentences | Pairs" },
      outputs: { sample: "same as from" },
    });
    expect((await place.run(["stages", "sampel"])).stderr).toBe(
      "error: there is no stage `sampel`\n  hint: did you mean `sample`?\n",
    );
  });

  it("print numbers as an array, empty where nothing was evaluated", async () => {
    expect(await place.run(["metrics", "a.yaml", "--json"])).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  });

  it("print the JSON Schema of pipeline files", async () => {
    const schema = JSON.parse((await place.run(["schema"])).stdout);
    expect(schema).toMatchObject({ title: "Pipeline", type: "object" });
  });

  it("print help, version and completions, and a usage error with exit code 2", async () => {
    const version = (
      JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }
    ).version;
    expect(await place.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    expect((await place.run(["run", "--help"])).stdout).toMatch(/^usage: pipeline run FILE/);
    expect((await place.run(["completions", "fish"])).stdout).toContain("-a run -d 'run what is stale'");
    expect(await place.run(["completions", "bsh"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: there are no completions for `bsh`\n  hint: did you mean `bash`?\n",
    });
    expect(await place.run(["rnu", "a.yaml"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: there is no command `rnu`\n  hint: did you mean `run`?\n",
    });
  });
});

describe("signals and pipes", () => {
  it("a reader that has gone away ends a listing quietly", async () => {
    const script = `set -o pipefail; ${process.execPath} ${new URL("../../bin/pipeline.mjs", import.meta.url).pathname} stages --json | head -c 10`;
    const { execFileSync } = await import("node:child_process");
    expect(execFileSync("bash", ["-c", script], { cwd: place.folder, encoding: "utf8" })).toHaveLength(10);
  });

  it("an interrupted run keeps what is done, ends with 130, and goes on from there", async () => {
    // 400 cycles take long enough to be interrupted in the middle.
    writeFileSync(join(place.folder, "long.yaml"), tinyPipeline.replace("cycles: 2", "cycles: 400"));
    const env = { PIPELINE_CACHE: "interrupted" };
    const first = await place.run(["run", "long.yaml", "--json", "--jobs", "1"], {
      env,
      atStdout: (pid) => process.kill(pid, "SIGINT"),
    });
    expect(first.code).toBe(130);
    expect(first.stderr).toBe(
      "interrupted: ending after the batch in hand (once more: at once)\n" +
        "interrupted: what is done is kept, the same command goes on from there\n",
    );
    const last = JSON.parse(first.stdout.trim().split("\n").at(-1)!) as { event: string; status: string };
    expect(last).toMatchObject({ event: "run.finished", status: "interrupted" });
    expect((await place.run(["run", "long.yaml"], { env })).code).toBe(0);
  });
});
