/** A process that collects garbage on a cache without a pause, `collector.ts CACHE GRACE_MS`, until its input ends; prints what it removed. */
import "./leapingClock.ts";
import { setTimeout as pause } from "node:timers/promises";
import * as Effect from "effect/Effect";
import { collectGarbage } from "../../src/store/gc/collectGarbage.ts";

const [root = "", graceMs = ""] = process.argv.slice(2);
const input = process.stdin.resume();

const counts = { collections: 0, record: 0, object: 0 };
while (!input.readableEnded) {
  const { removed } = await Effect.runPromise(collectGarbage(root, { keepMs: 0, graceMs: Number(graceMs) }));
  counts.collections++;
  for (const { kind } of removed) if (kind === "record" || kind === "object") counts[kind]++;
  await pause(5);
}
process.stdout.write(`${JSON.stringify(counts)}\n`);
