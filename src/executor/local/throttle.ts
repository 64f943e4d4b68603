/** Progress a person can follow: a few reports a second, the first at once, and the last one never lost. */
import type { ProgressReport } from "../../core/Stage.ts";

const everyMs = 200;

export interface Throttled {
  readonly report: (report: ProgressReport) => void;
  /** Passes on a report still held back. */
  readonly flush: () => void;
}

export function throttle(
  pass: (report: ProgressReport) => void,
  nowMs: () => number = () => performance.now(),
): Throttled {
  let lastMs = Number.NEGATIVE_INFINITY;
  let held: ProgressReport | undefined;
  const passNow = (report: ProgressReport) => {
    held = undefined;
    lastMs = nowMs();
    pass(report);
  };
  return {
    report: (report) => {
      held = report;
      if (nowMs() - lastMs >= everyMs) passNow(report);
    },
    flush: () => {
      if (held !== undefined) passNow(held);
    },
  };
}
