import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/events.ts";
import { prettyLines, type PrettyView } from "../../src/log/pretty.ts";
import { emptyRunTree, noteEvent } from "../../src/log/runTree.ts";
import { textWidth } from "../../src/log/textWidth.ts";
import {
  ends,
  fails,
  finishes,
  hits,
  progresses,
  resumes,
  retries,
  skips,
  started,
  starts,
  waits,
  warns,
} from "./events.ts";

const body = ["labels", "cross", "student"];
const cycles = (count: number) =>
  Array.from({ length: count }, (_, i) => body.map((name) => `distil[${i + 1}].${name}`)).flat();
const stale = (steps: ReadonlyArray<string>) => Object.fromEntries(steps.map((step) => [step, "stale" as const]));

function drawn(
  view: Partial<PrettyView>,
  ...events: ReadonlyArray<readonly [seconds: number, event: RunEvent]>
): string {
  const tree = emptyRunTree();
  for (const [seconds, event] of events) noteEvent(tree, event, seconds * 1000);
  const at = (events.at(-1)?.[0] ?? 0) * 1000;
  return prettyLines(tree, { columns: 100, rows: 40, color: false, at, ...view }).join("\n");
}

const midway: ReadonlyArray<readonly [number, RunEvent]> = [
  [0, started({ corpus: "fresh", bi0: "stale", ...stale(cycles(4)) })],
  [0, hits("corpus")],
  [0, starts("bi0")],
  [12.3, finishes("bi0", 12_300)],
  ...body.flatMap((name, i): Array<readonly [number, RunEvent]> => [
    [13 + i, starts(`distil[1].${name}`)],
    [14 + i, finishes(`distil[1].${name}`, 1000)],
  ]),
  [16, hits("distil[2].labels")],
  [16, starts("distil[2].cross")],
  [17, progresses("distil[2].cross", 0, 1000)],
  [20, progresses("distil[2].cross", 300, 1000, 0.41234)],
];

describe("the live tree", () => {
  it("shows a bar for what runs and folds the cycles in which nothing happens", () => {
    expect(drawn({}, ...midway)).toBe(
      `
= corpus       hit
✓ bi0          12.3 s
▸ distil       1 of 4 cycles
  ✓ [1]        3 ran, 3.0 s
  ▸ [2]
    = labels   hit
    ⠋ cross    ━━━━━━━─────────────────  30 %  loss 0.4123  100 pairs/s  7 s left
    · student
  · [3]…[4]    6 steps waiting
  6 of 14 steps, 2 hits, 20.0 s`.slice(1),
    );
  });

  it("shows for whom a step waits, also in a cycle in which nothing else happens", () => {
    const held: ReadonlyArray<readonly [number, RunEvent]> = [
      [0, started({ bi0: "fresh", ...stale(cycles(3)) })],
      [0, hits("bi0")],
      [0, waits("distil[1].labels")],
    ];
    expect(drawn({}, ...held)).toBe(
      `
= bi0          hit
· distil       0 of 3 cycles
  · [1]
    · labels   waiting for run 20261122-031400-cd34, which computes it (process 17 on ab)
    · cross
    · student
  · [2]…[3]    6 steps waiting
  1 of 10 steps, 1 hit, 0 ms`.slice(1),
    );
  });

  it("shows where a training went on, and counts its speed from there", () => {
    const resumed: ReadonlyArray<readonly [number, RunEvent]> = [
      [0, started({ bi0: "stale" })],
      [0, starts("bi0")],
      [1, resumes("bi0", 120, 400)],
    ];
    expect(drawn({}, ...resumed)).toBe(
      "⠋ bi0  ━━━━━━━─────────────────  30 %  resumed at step 120 of 400\n  0 of 1 step, 1.0 s",
    );
    expect(drawn({}, ...resumed, [3, progresses("bi0", 140, 400, 0.5)])).toBe(
      "⠋ bi0  ━━━━━━━━────────────────  35 %  loss 0.5  10 pairs/s  26 s left  resumed at step 120 of 400\n  0 of 1 step, 3.0 s",
    );
    expect(drawn({}, ...resumed, [9, finishes("bi0", 9000)])).toBe(
      "✓ bi0  9.0 s  resumed at step 120 of 400\n  1 of 1 step, 9.0 s",
    );
  });

  it("is never wider than the terminal", () => {
    for (const columns of [20, 30, 45, 60, 80, 200]) {
      for (const color of [false, true]) {
        for (const line of drawn({ columns, color }, ...midway).split("\n"))
          expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it("is never higher than the terminal, and keeps what runs in sight", () => {
    const many = Array.from({ length: 60 }, (_, i) => `step${i}`);
    const events: Array<readonly [number, RunEvent]> = [[0, started(stale(many))]];
    for (const step of many.slice(0, 30)) events.push([1, starts(step)], [1, finishes(step, 5)]);
    events.push([2, starts("step30")]);
    for (const rows of [5, 10, 24, 40]) {
      const text = drawn({ rows }, ...events);
      expect(text.split("\n").length).toBeLessThanOrEqual(rows);
      expect(text).toContain("step30");
    }
  });

  it("shows failures with their reason, and what they keep from running", () => {
    expect(
      drawn(
        {},
        [0, started(stale(["pairs", "eval"]))],
        [0, starts("pairs")],
        [1, fails("pairs", "no score", { path: "/p/data/pairs.tsv", line: 17 })],
        [1, skips("eval", "pairs")],
        [1, ends({ failed: 1, skipped: 1 })],
      ),
    ).toBe(
      `
✗ pairs  failed: pairs.tsv:17: no score
- eval   skipped: pairs failed
  0 of 2 steps, 1 failed, 2m 04s`.slice(1),
    );
  });

  it("ends with one line per step that ran and folds a thousand hits", () => {
    const steps = cycles(334);
    const plan = { ...Object.fromEntries(steps.map((step) => [step, "fresh" as const])), last: "stale" as const };
    const events: Array<readonly [number, RunEvent]> = [[0, started(plan)]];
    for (const step of steps) events.push([0, hits(step)]);
    events.push([0, starts("last")], [1, finishes("last", 1000)], [1, ends({ ran: 1, hits: 1002 })]);
    expect(drawn({ rows: Infinity }, ...events)).toBe(
      `
= distil       334 of 334 cycles
  = [1]…[334]  1002 hits
✓ last         1.0 s
  1003 of 1003 steps, 1002 hits, 2m 04s`.slice(1),
    );
  });

  it("shows a step that waits for its next try as waiting, and marks it", () => {
    const events = [
      [0, started({ bi0: "stale" })],
      [1, starts("bi0")],
      [2, progresses("bi0", 10, 20)],
      [3, retries("bi0", "its worker died")],
    ] as const;
    expect(drawn({}, ...events)).toBe("· bi0  waits for its next try  1 warning\n  0 of 1 step, 3.0 s");
    expect(drawn({}, ...events, [5, starts("bi0")], [9, finishes("bi0", 4000)])).toBe(
      "✓ bi0  4.0 s  1 warning\n  1 of 1 step, 9.0 s",
    );
  });

  it("marks the steps that warned, and counts warnings where steps are folded", () => {
    expect(
      drawn(
        {},
        ...midway,
        [20, warns("distil[1].cross", "late")],
        [20, warns("distil[2].cross", "negative labels")],
        [20, warns("bi0", "x")],
        [20, warns("bi0", "y")],
      ),
    ).toBe(
      `
= corpus       hit
✓ bi0          12.3 s  2 warnings
▸ distil       1 of 4 cycles
  ✓ [1]        3 ran, 3.0 s  1 warning
  ▸ [2]
    = labels   hit
    ⠋ cross    ━━━━━━━─────────────────  30 %  loss 0.4123  100 pairs/s  7 s left  1 warning
    · student
  · [3]…[4]    6 steps waiting
  6 of 14 steps, 2 hits, 20.0 s`.slice(1),
    );
  });

  it("counts the cells of a matrix as cells", () => {
    expect(
      drawn(
        {},
        [0, started(stale(["bi0[loss=mse,seed=1]", "bi0[loss=bce.x,seed=1]"]))],
        [1, hits("bi0[loss=mse,seed=1]")],
      ),
    ).toBe(
      `
· bi0                    1 of 2 cells
  = [loss=mse,seed=1]    hit
  · [loss=bce.x,seed=1]
  1 of 2 steps, 1 hit, 1.0 s`.slice(1),
    );
  });

  it("does not let a message with line breaks or escapes break the frame", () => {
    const text = drawn({}, [0, started(stale(["a"]))], [0, starts("a")], [0, fails("a", "no\nsuch \u001b[2Jfile")]);
    expect(text.split("\n")[0]).toBe("✗ a  failed: no such file");
  });
});
