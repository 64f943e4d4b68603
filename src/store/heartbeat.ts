/**
 * Shows processes on other machines that this one lives: a file with a number that grows. It is written by a thread of its own,
 * since a stage in the driver may keep its thread busy for minutes. Only that the number changes means anything, so that neither
 * clocks nor a torn write matter.
 */
import { Worker } from "node:worker_threads";
import { removeQuietly, replaceFile, type Layout } from "./layout.ts";
import type { DiskShape } from "./Disk.ts";

/** As text: a file would have to be found beside the bundle. The folder may go away, and the disk fail for a while. */
const beating = `
const { workerData: { path, everyMs } } = require("node:worker_threads");
const { writeFileSync } = require("node:fs");
let count = 0;
setInterval(() => {
  try {
    writeFileSync(path, String(++count));
  } catch {}
}, everyMs);
`;

export class Heartbeat {
  private thread: Worker | undefined;
  private readonly disk: DiskShape;
  private readonly layout: Layout;
  private readonly path: string;
  private readonly everyMs: number;

  constructor(disk: DiskShape, layout: Layout, id: string, everyMs: number) {
    this.disk = disk;
    this.layout = layout;
    this.path = layout.heartbeat(id);
    this.everyMs = everyMs;
  }

  /** Throws system errors. */
  start(): void {
    if (this.thread !== undefined) return;
    replaceFile(this.disk, this.layout, Buffer.from("0"), this.path, false);
    const workerData = { path: this.path, everyMs: this.everyMs };
    this.thread = new Worker(beating, { eval: true, workerData, execArgv: [], env: {} });
    // A thread that cannot start or breaks leaves leases that others on this machine heed all the same.
    this.thread.on("error", () => undefined);
    this.thread.unref();
  }

  async stop(): Promise<void> {
    const { thread } = this;
    if (thread === undefined) return;
    this.thread = undefined;
    await thread.terminate();
    removeQuietly(this.disk, this.path);
  }
}
