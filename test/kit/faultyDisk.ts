/** A disk that stops at its n-th operation, as if the process had died there, or fails one operation with a system error. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Disk, type DiskShape } from "../../src/store/Disk.ts";

/** The operations that change something; reads are not counted. */
const changing = [
  "open",
  "write",
  "sync",
  "touch",
  "makeFolder",
  "link",
  "rename",
  "remove",
  "removeFolder",
  "removeTree",
  "syncFolder",
] as const;
type Changing = (typeof changing)[number];

export class Crash extends Error {}

export interface FaultyDisk extends DiskShape {
  /** Changing operations so far. */
  count: () => number;
}

export const realDisk = Effect.runSync(
  Effect.gen(function* () {
    return yield* Disk;
  }),
);

/** Every changing operation goes through `before`, which throws to stop or fail it. */
export function diskWith(before: (operation: Changing, count: number, path: unknown) => void): FaultyDisk {
  let count = 0;
  const watched = Object.fromEntries(
    changing.map((operation) => [
      operation,
      (...args: ReadonlyArray<never>) => {
        before(operation, count++, args[0]);
        return (realDisk[operation] as (...args: ReadonlyArray<never>) => unknown)(...args);
      },
    ]),
  );
  return { ...realDisk, ...watched, count: () => count };
}

/** From the n-th changing operation on, nothing reaches the disk any more. */
export const diskCrashingAt = (n: number): FaultyDisk =>
  diskWith((_, count) => {
    if (count >= n) throw new Crash(`crash at operation ${n}`);
  });

/** One kind of operation fails with a system error for as long as `isOn`. */
export const diskFailing = (operation: Changing, code: string, isOn: () => boolean): FaultyDisk =>
  diskWith((each, _, path) => {
    if (each === operation && isOn()) throw Object.assign(new Error(`${code}: ${operation}`), { code, path });
  });

export const layerDisk = (disk: DiskShape) => Layer.succeed(Disk, disk);
