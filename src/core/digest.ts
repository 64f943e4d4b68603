/**
 * Names of things by what they are: content digests of bytes and fingerprints of work.
 * Both are lower-case hexadecimal sha256; the brands keep one from standing where the other is meant.
 */
import { createHash } from "node:crypto";
import type * as Brand from "effect/Brand";

/** sha256 of an artifact's or a file's bytes, 64 hexadecimal digits. */
export type ContentDigest = string & Brand.Brand<"ContentDigest">;
/** sha256 of the canonical record of all that decides a step's outputs, 64 hexadecimal digits. */
export type Fingerprint = string & Brand.Brand<"Fingerprint">;

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
export const contentDigest = (bytes: Uint8Array): ContentDigest => sha256(bytes) as ContentDigest;
