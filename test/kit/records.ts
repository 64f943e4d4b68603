/** Action records by hand. */
import type { ActionRecord, KeyParts } from "../../src/core/ActionRecord.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { fingerprintOf } from "../../src/core/fingerprint.ts";

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A record of a stage `say` whose outputs are texts; `key` makes its fingerprint. */
export function recordOf(key: string, outputs: { readonly [port: string]: string }, step = "a"): ActionRecord {
  const parts: KeyParts = { formatVersion: 1, stage: { name: "say", version: 1 }, config: { words: key }, inputs: {} };
  const stored = Object.entries(outputs).map(([port, text]) => [
    port,
    { digest: contentDigest(bytesOf(text)), sizeBytes: bytesOf(text).length, type: "Text" },
  ]);
  return {
    fingerprint: fingerprintOf(parts),
    parts,
    outputs: Object.fromEntries(stored),
    provenance: {
      run: "20260101-000000-0000",
      step,
      pipeline: "test",
      startedAt: "2026-01-01T00:00:00.000Z",
      durationMs: 5,
      environment: { cores: 2 },
      files: {},
    },
  };
}
