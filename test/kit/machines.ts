/** Processes on other machines, as far as leases can tell: this process under another identity, and a clock moved by hand. */
import { randomBytes } from "node:crypto";
import type { ProcessIdentity } from "../../src/store/processIdentity.ts";

export const onMachine = (host: string): ProcessIdentity => ({
  id: randomBytes(16).toString("hex"),
  host,
  process: 4711,
  place: `boot-of-${host} space`,
  machine: `number-of-${host} ${host}`,
  started: "1",
});

/** Milliseconds, moved by hand. */
export class HandClock {
  ms = 0;
  readonly now = (): number => this.ms;
}
