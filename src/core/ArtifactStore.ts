/**
 * The content-addressed cache as the core sees it: blobs by digest, action records by fingerprint.
 * Implementations (memory, directory) live in `src/store` and pass one suite of tests.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { ActionRecord } from "./ActionRecord.ts";
import type { ContentDigest, Fingerprint } from "./digest.ts";
import type { StoreError } from "./errors.ts";

export class ArtifactStore extends Context.Service<
  ArtifactStore,
  {
    /** The record, if it is there and every blob it names is there with its size. Synchronous disk access: called a thousand times in a no-op run. */
    readonly lookup: (fingerprint: Fingerprint) => Effect.Effect<ActionRecord | undefined, StoreError>;
    /** The blob's bytes, checked against the digest. A damaged or missing blob is moved aside and fails with code `corrupt` or `missing`. */
    readonly read: (digest: ContentDigest) => Effect.Effect<Uint8Array, StoreError>;
    /** Writes a blob durably (written aside, fsync, renamed); a blob already there is left alone. */
    readonly write: (bytes: Uint8Array) => Effect.Effect<ContentDigest, StoreError>;
    /** Publishes a record whose blobs are written. The first record for a fingerprint wins: the winner is returned. */
    readonly publish: (record: ActionRecord) => Effect.Effect<ActionRecord, StoreError>;
    /** Every record, in no particular order: for `why` and history. */
    readonly records: Effect.Effect<ReadonlyArray<ActionRecord>, StoreError>;
  }
>()("tandem/core/ArtifactStore") {}
