import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/events.ts";
import { plainLines, plainStart, type PlainState } from "../../src/log/plain.ts";
import {
  ends,
  fails,
  finishes,
  hits,
  leavesOut,
  progresses,
  resumes,
  retries,
  skips,
  started,
  starts,
  waits,
  warns,
} from "./events.ts";

/** The lines of events that arrive at given seconds. */
function lines(...events: ReadonlyArray<readonly [seconds: number, event: RunEvent]>): string {
  let state: PlainState = plainStart;
  const all: Array<string> = [];
  for (const [seconds, event] of events) {
    const [next, printed] = plainLines(state, event, 5000 + seconds * 1000);
    state = next;
    all.push(...printed);
  }
  return all.join("\n");
}

describe("plain lines", () => {
  it("say for whom a step waits", () => {
    expect(lines([0, started({ bi0: "stale" })], [1, waits("bi0")], [9, hits("bi0")])).toBe(
      `
    0.0s  run 20261122-031500-ab12: 1 step to run, 0 fresh
    1.0s  bi0: waiting for run 20261122-031400-cd34, which computes it (process 17 on ab)
    9.0s  bi0: hit`.slice(1),
    );
  });

  it("say when a failed step is tried again", () => {
    expect(
      lines(
        [0, started({ bi0: "stale" })],
        [0.1, starts("bi0")],
        [5, retries("bi0", "its worker\ndied")],
        [7, starts("bi0")],
        [9, finishes("bi0", 2000)],
      ),
    ).toBe(
      `
    0.0s  run 20261122-031500-ab12: 1 step to run, 0 fresh
    0.1s  bi0: started
    5.0s  bi0: failed (killed), tried again in 2.0 s, 1 of 2: its worker died
    7.0s  bi0: started
    9.0s  bi0: finished in 2.0 s`.slice(1),
    );
  });

  it("tell one event a line, with seconds since the start", () => {
    expect(
      lines(
        [0, started({ corpus: "fresh", bi0: "stale", eval: "stale", labels: "stale" })],
        [0.1, hits("corpus")],
        [0.2, starts("bi0")],
        [0.3, warns("bi0", "12 of 200 labels\nare below 0")],
        [62.4, finishes("bi0", 62_200)],
        [62.5, starts("eval")],
        [63, fails("eval", "data/pairs.tsv:17:\nno score", { path: "data/pairs.tsv", line: 17 })],
        [63, skips("labels", "eval")],
        [124, ends({ ran: 1, hits: 1, failed: 1, skipped: 1 })],
      ),
    ).toBe(
      `
    0.0s  run 20261122-031500-ab12: 3 steps to run, 1 fresh
    0.1s  corpus: hit
    0.2s  bi0: started
    0.3s  bi0: warning: 12 of 200 labels are below 0
   62.4s  bi0: finished in 1m 02s
   62.5s  eval: started
   63.0s  eval: failed (stage-error): data/pairs.tsv:17: no score
   63.0s  labels: skipped: eval failed
  124.0s  run failed`.slice(1),
    );
  });

  it("tell of all that a loop leaves out in one line, and nothing where nothing else is to do", () => {
    const late = ["l[3].a", "l[3].stop", "l[4].a"].map((step) => [1, leavesOut(step, "l[2].stop")] as const);
    expect(
      lines([0, started({ "l[2].stop": "stale", "l[3].a": "waits" })], ...late)
        .split("\n")
        .slice(1),
    ).toEqual(["    1.0s  l[3].a and what follows: not run: l[2].stop ended the loop"]);
    expect(lines([0, started({ "l[2].stop": "fresh", "l[3].a": "skipped" })], ...late)).toBe("");
  });

  it("print progress every ten seconds only, with speed and time left", () => {
    expect(
      lines(
        [0, started({ bi0: "stale" })],
        [0, starts("bi0")],
        [1, progresses("bi0", 10, 400, 1.25)],
        [5, progresses("bi0", 50, 400, 1)],
        [11, progresses("bi0", 110, 400, 0.412345)],
        [12, progresses("bi0", 120, 400, 0.4)],
        [21, progresses("bi0", 210, 400, 0.3)],
      ),
    ).toBe(
      `
    0.0s  run 20261122-031500-ab12: 1 step to run, 0 fresh
    0.0s  bi0: started
   11.0s  bi0: 27 %  loss 0.4123  10 pairs/s  29 s left
   21.0s  bi0: 52 %  loss 0.3  10 pairs/s  19 s left`.slice(1),
    );
  });

  it("tell where a training goes on from a checkpoint", () => {
    expect(
      lines(
        [0, started({ bi0: "stale" })],
        [0, starts("bi0")],
        [2, resumes("bi0", 120, 400)],
        [9, finishes("bi0", 9000)],
      ),
    ).toBe(
      `
    0.0s  run 20261122-031500-ab12: 1 step to run, 0 fresh
    0.0s  bi0: started
    2.0s  bi0: resumed at step 120 of 400
    9.0s  bi0: finished in 9.0 s`.slice(1),
    );
  });

  it("say nothing where nothing is to do", () => {
    expect(
      lines([0, started({ a: "fresh", b: "fresh" })], [0, hits("a")], [0, hits("b")], [0, ends({ hits: 2 })]),
    ).toBe("");
  });
});
