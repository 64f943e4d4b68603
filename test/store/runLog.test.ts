import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { RunEvent } from "../../src/core/events.ts";
import { makeRunId } from "../../src/core/runId.ts";
import { RunLog, type RunStart } from "../../src/core/RunLog.ts";
import { layerRunLog } from "../../src/store/runLog.ts";
import { diskFailing, layerDisk } from "../kit/faultyDisk.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const start = (run: string): RunStart => ({
  run,
  pipeline: "test",
  file: "/pipelines/test.yaml",
  seed: 1,
  params: { cycles: 3 },
  options: {},
  steps: [{ step: "a", stage: "say", version: 1 }],
  environment: { cores: 2 },
  started: "2026-01-01T00:00:00.000Z",
});

const events: ReadonlyArray<RunEvent> = [
  { event: "step.started", step: "a" },
  { event: "step.progress", step: "a", done: 1, total: 2, unit: "pairs" },
  { event: "step.skipped", step: "b", blockedBy: "a" },
];

const end = {
  status: "succeeded",
  finished: "2026-01-01T00:01:00.000Z",
  ran: 1,
  hits: 0,
  failed: 0,
  skipped: 1,
} as const;

const logged = Effect.fnUntraced(function* (run: string) {
  const open = yield* (yield* RunLog).open(start(run));
  for (const event of events) open.append(event);
  yield* open.close(end);
});

describe("RunLog in a cache folder", () => {
  it.effect("keeps a run's manifest and its events, without progress", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* Effect.gen(function* () {
        yield* logged("20260101-000000-aaaa");
        const log = yield* RunLog;
        assert.deepStrictEqual(yield* log.list, [{ ...start("20260101-000000-aaaa"), ...end }]);
        const kept = yield* log.events("20260101-000000-aaaa");
        assert.isUndefined(kept.brokenAt);
        const time = kept.events[0]!.time;
        assert.match(time, /^\d{4}-\d\d-\d\dT/);
        assert.deepStrictEqual(kept.events, [
          { ...events[0]!, time },
          { ...events[2]!, time: kept.events[1]!.time },
        ]);
      }).pipe(Effect.provide(layerRunLog(root)));
    }),
  );

  it.effect("lists runs oldest first, also where their ids sort otherwise", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* Effect.gen(function* () {
        const log = yield* RunLog;
        for (const [run, ms] of [
          ["20260101-000000-cccc", 100],
          ["20260101-000000-aaaa", 200],
          ["20260101-000000-bbbb", 300],
        ] as const)
          yield* (yield* log.open({ ...start(run), started: `2026-01-01T00:00:00.${ms}Z` })).close(end);
        assert.deepStrictEqual(
          (yield* log.list).map(({ run }) => run.slice(-4)),
          ["cccc", "aaaa", "bbbb"],
        );
      }).pipe(Effect.provide(layerRunLog(root)));
    }),
  );

  it.effect("shows where a line was changed, removed or put in", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* Effect.gen(function* () {
        yield* logged("r");
        const path = join(root, "runs", "r", "events.ndjson");
        const good = readFileSync(path, "utf8");
        const [first, second] = good.split("\n") as [string, string];
        const brokenAt = Effect.flatMap(RunLog, (log) => Effect.map(log.events("r"), (kept) => kept.brokenAt));
        const cases: ReadonlyArray<readonly [string, number | undefined]> = [
          [good, undefined],
          [good.replace(`"a"`, `"c"`), 2],
          [`${second}\n`, 1],
          [`${first}\n${first}\n${second}\n`, 2],
          [`${good}not json\n`, 3],
          [good.slice(0, -5), undefined],
        ];
        for (const [text, expected] of cases) {
          writeFileSync(path, text);
          assert.strictEqual(yield* brokenAt, expected);
        }
      }).pipe(Effect.provide(layerRunLog(root)));
    }),
  );

  it.effect("tells a run that runs from one whose process is gone", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* Effect.gen(function* () {
        const log = yield* RunLog;
        yield* log.open(start("live"));
        mkdirSync(join(root, "runs", "gone"));
        const manifest = readFileSync(join(root, "runs", "live", "manifest.json"), "utf8");
        const gone = manifest.replace(`"process":${process.pid}`, `"process":999999999`).replace(`"live"`, `"gone"`);
        writeFileSync(join(root, "runs", "gone", "manifest.json"), gone);
        const states = (yield* log.list).map(({ run, status }) => `${run} ${status}`);
        assert.deepStrictEqual(states, ["gone died", "live running"]);
      }).pipe(Effect.provide(layerRunLog(root)));
    }),
  );

  it.effect("refuses a second run of one name, and minds no log in the folder", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      mkdirSync(join(root, "runs", "r"), { recursive: true });
      writeFileSync(join(root, "runs", "r", "log.ndjson"), "");
      yield* Effect.gen(function* () {
        yield* logged("r");
        assert.strictEqual((yield* Effect.flip(logged("r"))).message, "There is a run r already.");
      }).pipe(Effect.provide(layerRunLog(root)));
    }),
  );

  it.effect("tells at the end that events could not be written", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      let isOn = false;
      const disk = layerDisk(diskFailing("write", "ENOSPC", () => isOn));
      const error = yield* Effect.gen(function* () {
        const open = yield* (yield* RunLog).open(start("full"));
        isOn = true;
        open.append(events[0]!);
        return yield* Effect.flip(open.close(end));
      }).pipe(Effect.provide(layerRunLog(root)), Effect.provide(disk));
      assert.strictEqual(error.code, "ENOSPC");
    }),
  );
});

describe("makeRunId", () => {
  it("is sortable by time", () => {
    assert.strictEqual(makeRunId(new Date("2026-11-22T03:15:00Z"), "ab12"), "20261122-031500-ab12");
    assert.match(makeRunId(), /^\d{8}-\d{6}-[0-9a-f]{4}$/);
  });
});
