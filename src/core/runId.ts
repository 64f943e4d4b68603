/** Names of runs: sortable by time, short enough to type, with a tail that keeps two runs of one second apart. */
import { randomBytes } from "node:crypto";

/** `20261122-031500-ab12`: date and time in UTC, then four random hexadecimal digits. */
export function makeRunId(now: Date = new Date(), tail: string = randomBytes(2).toString("hex")): string {
  const [date, time] = now.toISOString().split("T") as [string, string];
  return `${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${tail}`;
}
