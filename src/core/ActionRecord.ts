/**
 * What the cache knows of one fingerprint: its outputs, every part of the key in plain sight (so that `why` compares without
 * recomputing), and facts about the run that made it, which are not part of any key.
 */
import type { Json } from "./canonicalJson.ts";
import type { DeviceClass } from "./device.ts";
import type { ContentDigest, Fingerprint } from "./digest.ts";

/** All that decides a step's outputs. Its canonical JSON is hashed to the fingerprint. */
export interface KeyParts {
  readonly formatVersion: number;
  readonly stage: {
    readonly name: string;
    readonly version: number;
    /** Only of a stage of the user's own: the digest of its code, and `name@version` of the packages it imports. */
    readonly code?: string;
    readonly packages?: ReadonlyArray<string>;
  };
  /** Encoded, defaults written out; each `path()` field replaced by `{ files: [...] }` of digests (folders: name and digest). */
  readonly config: { readonly [field: string]: Json | undefined };
  /** Port → digest of the artifact; an array for list ports. Absent optional ports are left out. */
  readonly inputs: { readonly [port: string]: ContentDigest | ReadonlyArray<ContentDigest> };
  /** Only for stages that use the engine. */
  readonly engine?: EngineIdentity;
  /** Only for stages that use a seed. */
  readonly seed?: number;
}

/** What makes numbers equal: see design §4. */
export interface EngineIdentity {
  readonly name: string;
  /** Version of the package that executes. */
  readonly version: string;
  readonly precision: "float32";
  readonly deviceClass: DeviceClass;
  /** Raised when our own arithmetic (graphs, kernels, optimizer, random streams) changes any number. */
  readonly arithmeticVersion: number;
}

export interface StoredOutput {
  readonly digest: ContentDigest;
  readonly sizeBytes: number;
  /** `Scores(cosine)`. */
  readonly type: string;
}

export interface ActionRecord {
  readonly fingerprint: Fingerprint;
  readonly parts: KeyParts;
  readonly outputs: { readonly [port: string]: StoredOutput };
  /** Not keyed: who made it, when, how long it took, where. */
  readonly provenance: {
    readonly run: string;
    readonly step: string;
    readonly pipeline: string;
    readonly startedAt: string;
    readonly durationMs: number;
    readonly environment: { readonly [fact: string]: string | number };
    /** Path fields → files read, as found: for messages and lineage. */
    readonly files: { readonly [field: string]: ReadonlyArray<{ readonly path: string; readonly digest: string }> };
  };
}
