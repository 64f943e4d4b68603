/** What this machine has for all steps together. */
import { readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Machine } from "../../core/resources.ts";

export const machineHere = (): Machine => ({
  cores: availableParallelism(),
  // 0 where the control group sets no bound, or does not tell.
  memoryBytes: Math.min(totalmem(), process.constrainedMemory() || Infinity),
  gpus: nvidiaDevices(),
});

/** Their device files: those that this process, in its container, has been given. */
function nvidiaDevices(): number {
  try {
    return readdirSync("/dev").filter((name) => /^nvidia\d+$/.test(name)).length;
  } catch {
    return 0;
  }
}
