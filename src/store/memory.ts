/** The cache in memory: for tests, and for trying a pipeline without leaving anything behind. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { ActionRecord } from "../core/ActionRecord.ts";
import { ArtifactStore } from "../core/ArtifactStore.ts";
import { contentDigest } from "../core/digest.ts";
import { damagedBlob, missingBlob } from "./storeErrors.ts";

export interface MemoryState {
  readonly blobs: Map<string, Uint8Array>;
  readonly records: Map<string, ActionRecord>;
}

export const emptyMemory = (): MemoryState => ({ blobs: new Map(), records: new Map() });

/** A store over `state`, which the caller may share between layers or look into. */
export const layerMemory = (state: MemoryState = emptyMemory()): Layer.Layer<ArtifactStore> =>
  Layer.succeed(ArtifactStore, makeMemory(state));

function makeMemory({ blobs, records }: MemoryState): ArtifactStore["Service"] {
  const isComplete = (record: ActionRecord): boolean =>
    Object.values(record.outputs).every(({ digest, sizeBytes }) => blobs.get(digest)?.length === sizeBytes);
  return {
    lookup: (fingerprint) =>
      Effect.sync(() => {
        const record = records.get(fingerprint);
        return record !== undefined && isComplete(record) ? record : undefined;
      }),
    read: (digest) =>
      Effect.suspend(() => {
        const bytes = blobs.get(digest);
        if (bytes === undefined) return Effect.fail(missingBlob(digest, digest));
        if (contentDigest(bytes) === digest) return Effect.succeed(bytes);
        blobs.delete(digest);
        return Effect.fail(damagedBlob(digest, digest));
      }),
    write: (bytes) =>
      Effect.sync(() => {
        const digest = contentDigest(bytes);
        const there = blobs.get(digest);
        if (there === undefined || contentDigest(there) !== digest) blobs.set(digest, bytes.slice());
        return digest;
      }),
    publish: (record) =>
      Effect.suspend(() => {
        const lost = Object.values(record.outputs).find(({ digest }) => !blobs.has(digest));
        if (lost !== undefined) return Effect.fail(missingBlob(lost.digest, lost.digest));
        const winner = records.get(record.fingerprint);
        const stands = winner !== undefined && isComplete(winner) && hasPortsOf(winner, record);
        if (stands) return Effect.succeed(winner);
        records.set(record.fingerprint, record);
        return Effect.succeed(record);
      }),
    records: Effect.sync(() => [...records.values()]),
  };
}

const hasPortsOf = (winner: ActionRecord, record: ActionRecord): boolean =>
  Object.keys(record.outputs).every((port) => winner.outputs[port] !== undefined);
