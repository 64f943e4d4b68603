import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatBytes, parseBytes } from "../../src/core/bytes.ts";
import { tinyData, tinyPipeline, Workplace } from "./pipelineCommand.ts";

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  place.file("a.yaml", tinyPipeline);
  place.file("data.txt", tinyData);
});
afterEach(() => place.remove());

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(place.folder, "cache", folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const blobs = () => filesIn("objects");

/** As if nothing had been used for this long. */
function agedBy(days: number): void {
  const seconds = Date.now() / 1000 - days * 86_400;
  for (const file of [...blobs(), ...filesIn("actions")]) utimesSync(file, seconds, seconds);
}

const steady = (text: string) =>
  text
    .replaceAll(/\d{8}-\d{6}-[0-9a-f]{4}/g, "RUN")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")
    .replaceAll(/\d+(\.\d)? k?B/g, "SIZE")
    .replaceAll(/[0-9a-f]{2}\/[0-9a-f]{62}/g, "BLOB")
    .replaceAll(/ +/g, " ");

describe("pipeline cache status", () => {
  it("counts what is in the cache, and makes none by looking", async () => {
    const empty = await place.run(["cache", "status"]);
    expect(empty.code).toBe(0);
    expect(existsSync(join(place.folder, "cache"))).toBe(false);
    await place.run(["run", "a.yaml"]);
    const { stdout } = await place.run(["cache", "status"]);
    expect(steady(stdout)).toBe(
      `cache (layout 1)
objects 4 SIZE
records 6 SIZE
checkpoints 0 0 B
hub models 0 0 B
code of own stages 0 0 B
logs of runs 1 SIZE
damaged, set aside 0 0 B
last use TIME
`.replaceAll("0 B", "SIZE"),
    );
    const found = JSON.parse((await place.run(["cache", "status", "--json"])).stdout) as object;
    expect(found).toMatchObject({ layout: 1, runs: { count: 1, running: 0 }, pins: [], leases: [] });
  });
});

describe("pipeline cache verify", () => {
  it("says all is sound, or what is not, and exits 4; --repair lets the next run make it again", async () => {
    await place.run(["run", "a.yaml"]);
    const sound = await place.run(["cache", "verify"]);
    expect([sound.code, steady(sound.stdout)]).toEqual([
      0,
      "read 4 objects (SIZE), 6 records, 0 checkpoints: all sound\n",
    ]);
    const victim = blobs()[0]!;
    const content = readFileSync(victim);
    writeFileSync(victim, content.with(200, content[200]! ^ 1));
    const report = await place.run(["cache", "verify"]);
    expect(report.code).toBe(4);
    expect(report.stdout).toContain("its content does not fit its name");
    expect(report.stdout).toContain("the next run that needs them makes again:");
    const json = await place.run(["cache", "verify", "--repair", "--json"]);
    expect(json.code).toBe(4);
    const { damaged, again, movedAside } = JSON.parse(json.stdout) as {
      damaged: ReadonlyArray<unknown>;
      again: ReadonlyArray<{ step: string }>;
      movedAside: number;
    };
    expect(movedAside).toBe(damaged.length);
    expect((await place.run(["cache", "verify"])).code).toBe(0);
    const rerun = await place.run(["run", "a.yaml", "--json"]);
    const ran = [...rerun.stdout.matchAll(/"event":"step.finished","step":"([^"]+)"/g)].map((match) => match[1]);
    expect(ran).toEqual(again.map(({ step }) => step));
    expect(readFileSync(victim).equals(content)).toBe(true);
  });
});

describe("pipeline cache gc", () => {
  it("removes nothing of late, then what was not used for long, and tells both", async () => {
    await place.run(["run", "a.yaml"]);
    expect(steady((await place.run(["cache", "gc"])).stdout)).toBe(
      "nothing to remove\nkept 6 records and 4 objects, SIZE in all\n",
    );
    agedBy(45);
    const told = await place.run(["cache", "gc", "--dry-run"]);
    const [, head = "", rows = "", rest] = /^(.*\n)((?:.*ago\n)*?)\n([^]*)$/.exec(steady(told.stdout)) ?? [];
    expect(rows.split("\n").slice(0, -1).sort()).toEqual(
      ["again[1].half", "again[1].unique", "again[2].half", "again[2].unique", "corpus", "few"].map(
        (step) => `${step} tiny last used 45 days ago`,
      ),
    );
    expect(head + rest).toBe(`step pipeline why
records 6 SIZE last used … ago
objects 4 SIZE of a record that goes

would remove SIZE, kept 0 records and 0 objects, SIZE in all
`);
    expect(blobs()).toHaveLength(4);
    const json = JSON.parse((await place.run(["cache", "gc", "--keep-days", "44", "--json"])).stdout) as {
      removed: ReadonlyArray<object>;
    };
    expect(json).toMatchObject({ dryRun: false, kept: { records: 0, objects: 0, bytes: 0 }, runsInProgress: 0 });
    expect(json.removed).toHaveLength(10);
    expect(blobs()).toEqual([]);
    const again = await place.run(["run", "a.yaml"]);
    expect(again.stdout).toContain("ran 6, hits 0");
  });

  it("keeps pinned runs", async () => {
    await place.run(["run", "a.yaml"]);
    const pinned = await place.run(["cache", "pin", "last"]);
    expect(steady(pinned.stdout)).toBe("pinned RUN: gc keeps all of it\n");
    agedBy(45);
    expect((await place.run(["cache", "gc"])).stdout).toContain("nothing to remove");
    expect((await place.run(["cache", "status"])).stdout).toContain("pinned: ");
    await place.run(["cache", "unpin", "last"]);
    expect((await place.run(["cache", "gc"])).stdout).toContain("kept 0 records");
  });
});

describe("pin: true on a step", () => {
  const pinned = tinyPipeline
    .replace("few: {", "few: { pin: true,")
    .replace("unique: {", 'unique: { pin: "${params.keep}",')
    .replace("params: {", "params: { keep: true,");

  it("keeps what it made, and what that was made from, from a gc that takes all else; without it nothing is kept", async () => {
    const unpinned = ["run", "a.yaml", "--json"];
    const before = await place.run(unpinned);
    place.file("a.yaml", pinned);
    // In no key: nothing runs again, and yet gc knows of it.
    const run = await place.run([...unpinned, "--set", "keep=false"]);
    expect(run.stdout).not.toContain("step.finished");
    expect(before.stdout).toContain("step.finished");
    const status = await place.run(["cache", "status"]);
    expect(status.stdout).toContain("pinned in a.yaml: few\n");
    agedBy(45);
    const gc = ["cache", "gc", "--max-size", "1", "--keep-days", "0", "--json"];
    const report = JSON.parse((await place.run(gc)).stdout) as { removed: ReadonlyArray<{ step?: string }> };
    const gone = report.removed.flatMap(({ step }) => step ?? []).sort();
    expect(gone).toEqual(["again[1].half", "again[1].unique", "again[2].half", "again[2].unique"]);
    const again = await place.run(["run", "a.yaml", "--set", "few.pin=false"]);
    expect(again.stdout).toContain("ran 4, hits 2");
    const json = JSON.parse((await place.run(["cache", "status", "--json"])).stdout) as object;
    expect(json).toMatchObject({
      pinnedSteps: [{ file: join(place.folder, "a.yaml"), steps: ["again[1].unique", "again[2].unique"] }],
    });
    place.file("a.yaml", tinyPipeline);
    await place.run(["run", "a.yaml"]);
    agedBy(45);
    await place.run(gc);
    expect(blobs()).toEqual([]);
  });
});

describe("pipeline cache", () => {
  it.each([
    [["cache", "clean"], "error: `cache` has no action `clean`\n  hint: it has: status, verify, gc, pin, unpin\n"],
    [["cache", "statsu"], "error: `cache` has no action `statsu`\n  hint: did you mean `status`?\n"],
    [
      ["cache", "status", "--dry-run"],
      "error: --dry-run does not go with `cache status`\n  hint: it is an option of `cache gc`\n",
    ],
    [
      ["cache", "gc", "--runs-older-than", "long"],
      "error: --runs-older-than cannot be `long`\n  hint: write a number of days such as 90d\n",
    ],
    [
      ["cache", "gc", "--max-size", "many"],
      "error: --max-size cannot be `many`\n  hint: write an amount such as 500MB or 20GB\n",
    ],
    [["cache", "gc", "last"], "error: `cache gc` does not take `last`\n  hint: usage: pipeline cache gc\n"],
    [["cache", "pin"], "error: `cache pin` needs a RUN\n  hint: `pipeline runs` lists them; `last` is the latest\n"],
    [["cache"], "error: `cache` needs ACTION\n"],
  ])("%j is a mistake of the arguments", async (args, message) => {
    const { code, stderr } = await place.run(args);
    expect(code).toBe(2);
    expect(stderr.startsWith(message)).toBe(true);
  });

  it("refuses a folder of a newer layout, with exit code 3", async () => {
    mkdirSync(join(place.folder, "cache"));
    writeFileSync(join(place.folder, "cache", "layout.json"), `{"layout":7}`);
    for (const action of ["status", "verify", "gc"]) {
      const { code, stderr } = await place.run(["cache", action]);
      expect(code).toBe(3);
      expect(stderr).toContain("has layout 7, made by a newer version; this one knows layout 1.");
    }
  });
});

describe("amounts of data", () => {
  it("are written with two digits, and read back", () => {
    expect([0, 999, 1000, 9960, 123_456, 9_940_000, 1.5e9, 2e15].map(formatBytes)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "10 kB",
      "123 kB",
      "9.9 MB",
      "1.5 GB",
      "2000 TB",
    ]);
    expect(["12", "500MB", "1.5 gb", "3TB", "2kB", "0"].map(parseBytes)).toEqual([12, 5e8, 1.5e9, 3e12, 2000, 0]);
    expect(["", "MB", "-1", "5 apples", "1e3"].map(parseBytes)).toEqual([...Array(5)].map(() => undefined));
  });
});
