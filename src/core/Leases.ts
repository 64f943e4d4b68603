/**
 * Who computes a fingerprint now: of several runs on one cache one computes, the others wait and take what comes of it. A
 * lease decides nothing about results: the first record wins whoever holds it, and without leases work is merely done twice.
 *
 * The service defaults to handing out every lease, for where there is one run at a time.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { StoreError } from "./errors.ts";

/** What a lease is taken for. */
export interface LeasePurpose {
  readonly run: string;
  readonly step: string;
}

export interface LeaseHolder extends LeasePurpose {
  readonly host: string;
  /** Its number on that host. */
  readonly process: number;
}

export type Claim =
  | { readonly kind: "taken"; readonly release: Effect.Effect<void> }
  | { readonly kind: "held"; readonly holder: LeaseHolder };

export interface LeasesShape {
  /** Takes the lease, also from a holder that is gone. Never waits. */
  readonly take: (fingerprint: string, purpose: LeasePurpose) => Effect.Effect<Claim, StoreError>;
  /** Who holds it; undefined where `take` is worth a try. Asking again and again is how a holder on another machine is found gone. */
  readonly holder: (fingerprint: string) => Effect.Effect<LeaseHolder | undefined, StoreError>;
}

export const Leases = Context.Reference<LeasesShape>("tandem/core/Leases", {
  defaultValue: () => ({
    take: () => Effect.succeed({ kind: "taken", release: Effect.void }),
    holder: () => Effect.undefined,
  }),
});

const longestPauseMs = 500;

/** Looks now and then until nobody holds the lease. */
export const untilFree = Effect.fnUntraced(function* (fingerprint: string): Effect.fn.Return<void, StoreError> {
  const leases = yield* Leases;
  for (let pauseMs = 10; (yield* leases.holder(fingerprint)) !== undefined; pauseMs *= 1.5)
    yield* Effect.sleep(Math.min(pauseMs, longestPauseMs));
});
