/**
 * One download of a folder at a time, also between processes and between hosts on a shared disk: a second one waits, and finds
 * the folder there.
 *
 * The lock is a file whose holder touches it; one that has stood still for a while, by the waiter's own clock, is nobody's. Where
 * both are on one host, a holder that is gone is seen at once.
 */
import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const touchEveryMs = 2000;
const nobodysAfterMs = 20_000;
const lookEveryMs = 200;

/** Runs `work` under the lock, unless by the time the lock is free another has done it. */
export async function withDownloadLock(
  folder: string,
  signal: AbortSignal,
  isDone: () => boolean,
  work: () => Promise<void>,
): Promise<void> {
  const lock = `${folder}.lock`;
  if (!(await acquire(lock, isDone, signal))) return;
  const touching = setInterval(() => {
    const now = new Date();
    // A lock that was taken away shows at the rename: the folder is there already, or the work is done again.
    utimes(lock, now, now).catch(() => undefined);
  }, touchEveryMs);
  try {
    if (!isDone()) await work();
  } finally {
    clearInterval(touching);
    await rm(lock, { force: true });
  }
}

/** False where it was done while waiting. */
async function acquire(lock: string, isDone: () => boolean, signal: AbortSignal): Promise<boolean> {
  let seen: { readonly touched: number; readonly at: number } | undefined;
  for (;;) {
    signal.throwIfAborted();
    if (isDone()) return false;
    if (await create(lock)) return true;
    const touched = (await stat(lock).catch(() => undefined))?.mtimeMs;
    if (touched === undefined) continue;
    if (seen?.touched !== touched) seen = { touched, at: performance.now() };
    const isNobodys = performance.now() - seen.at > nobodysAfterMs || (await isGone(lock));
    if (isNobodys) await rm(lock, { force: true });
    else await pause(lookEveryMs, undefined, { signal });
  }
}

async function create(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, "wx");
    await file.writeFile(`${process.pid} ${hostname()}\n`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isGone(lock: string): Promise<boolean> {
  const [pid, host] = (await readFile(lock, "utf8").catch(() => "")).trim().split(" ");
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
