/** Leases of the cache folder as core's service. The heartbeat begins with the first lease and ends with the layer. */
import { performance } from "node:perf_hooks";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Leases, type LeaseHolder, type LeasesShape } from "../core/Leases.ts";
import { Disk } from "./Disk.ts";
import { Heartbeat } from "./heartbeat.ts";
import { layoutOf, markLayout } from "./layout.ts";
import { LeaseFolder, type StoredLease } from "./LeaseFolder.ts";
import { thisProcess, type ProcessIdentity } from "./processIdentity.ts";
import { Standstill, type StandstillOptions } from "./Standstill.ts";
import { attempt } from "./storeErrors.ts";

export interface LeaseOptions {
  /** Other than this process's: for tests that play another machine. */
  readonly self?: ProcessIdentity;
  readonly beatEveryMs?: number;
  readonly standstill?: Partial<StandstillOptions>;
}

/** A holder on another machine is gone after fifteen beats that were not heard. */
export const usualStandstill: StandstillOptions = {
  nowMs: () => performance.now(),
  afterMs: 30_000,
  longestPauseMs: 2000,
};

/** The leases of the cache in `root`. */
export const layerLeases = (root: string, options: LeaseOptions = {}): Layer.Layer<never> =>
  Layer.effect(
    Leases,
    Effect.gen(function* () {
      const disk = yield* Disk;
      const layout = layoutOf(root);
      const self = options.self ?? thisProcess();
      const folder = new LeaseFolder(
        disk,
        layout,
        self,
        new Standstill(disk, layout, { ...usualStandstill, ...options.standstill }),
      );
      const heartbeat = new Heartbeat(disk, layout, self.id, options.beatEveryMs ?? 2000);
      yield* Effect.addFinalizer(() => Effect.promise(() => heartbeat.stop()));
      let isMarked = false;
      const prepare = () => {
        if (!isMarked) markLayout(disk, layout);
        isMarked = true;
        heartbeat.start();
      };
      return {
        take: (fingerprint, purpose) =>
          Effect.map(
            attempt("write", layout.leases, () => {
              prepare();
              return folder.take(fingerprint, purpose);
            }),
            (taken) =>
              typeof taken === "string"
                ? { kind: "taken", release: Effect.ignore(Effect.try(() => folder.release(fingerprint, taken))) }
                : { kind: "held", holder: holderOf(taken) },
          ),
        holder: (fingerprint) =>
          attempt("read", layout.leases, () => {
            const lease = folder.holder(fingerprint);
            return lease === undefined ? undefined : holderOf(lease);
          }),
      } satisfies LeasesShape;
    }),
  );

const holderOf = ({ run, step, owner }: StoredLease): LeaseHolder => ({
  run,
  step,
  host: owner?.host ?? "unknown",
  process: owner?.process ?? 0,
});

/** In memory: for several runs in one process. @param held fingerprint → its holder, which the caller may share and look into */
export const layerMemoryLeases = (held: Map<string, LeaseHolder> = new Map()): Layer.Layer<never> =>
  Layer.succeed(Leases, {
    take: (fingerprint, { run, step }) =>
      Effect.sync(() => {
        const holder = held.get(fingerprint);
        if (holder !== undefined) return { kind: "held", holder };
        held.set(fingerprint, { run, step, host: "memory", process: process.pid });
        return { kind: "taken", release: Effect.sync(() => void held.delete(fingerprint)) };
      }),
    holder: (fingerprint) => Effect.sync(() => held.get(fingerprint)),
  });
