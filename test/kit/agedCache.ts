/** A cache folder whose records, blobs and runs have the ages a test wants. */
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import type { ActionRecord, KeyParts } from "../../src/core/ActionRecord.ts";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { fingerprintOf } from "../../src/core/fingerprint.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { type ProcessIdentity, thisProcess } from "../../src/store/processIdentity.ts";
import { bytesOf } from "./records.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export interface MadeSpec {
  /** Step id; its output is a text of this name, unless `text` says another. */
  readonly step: string;
  readonly text?: string;
  /** What it was made from. */
  readonly from?: ReadonlyArray<ActionRecord>;
  readonly ageDays?: number;
  /** Files that it read. */
  readonly reads?: ReadonlyArray<string>;
  /** Of a stage of the user's own: the digest of its code. */
  readonly code?: string;
}

/** Publishes a record whose files were last used `ageDays` ago. */
export const made = Effect.fnUntraced(function* (root: string, spec: MadeSpec) {
  const { step, text = step, from = [], ageDays = 0, reads = [], code } = spec;
  const stage = { name: "say", version: 1, ...(code === undefined ? {} : { code, packages: [] }) };
  const inputs = Object.fromEntries(from.map((record, i) => [`in${i}`, record.outputs["text"]!.digest]));
  const parts: KeyParts = { formatVersion: 1, stage, config: { step }, inputs };
  const bytes = bytesOf(text);
  const record: ActionRecord = {
    fingerprint: fingerprintOf(parts),
    parts,
    outputs: { text: { digest: contentDigest(bytes), sizeBytes: bytes.length, type: "Text" } },
    provenance: {
      run: "20260101-000000-0000",
      step,
      pipeline: "test",
      startedAt: new Date(Date.UTC(2026, 0, 1) + from.length * 1000).toISOString(),
      durationMs: 5,
      environment: {},
      files: { path: reads.map((path) => ({ path, digest: "0".repeat(64) })) },
    },
  };
  yield* Effect.gen(function* () {
    const store = yield* ArtifactStore;
    yield* store.write(bytes);
    yield* store.publish(record);
  }).pipe(Effect.provide(layerDirectory(root)));
  const layout = layoutOf(root);
  age(layout.action(record.fingerprint), ageDays);
  age(layout.object(contentDigest(bytes)), ageDays);
  return record;
});

/** Sets when a file was last used. */
export function age(path: string, days: number): void {
  const seconds = (Date.now() - days * dayMs) / 1000;
  utimesSync(path, seconds, seconds);
}

/** Writes a file of a given age, with the folders above it. */
export function agedFile(path: string, days: number, content = "x"): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  age(path, days);
  return path;
}

export interface RunSpec {
  readonly run: string;
  readonly file?: string;
  readonly status?: "running" | "succeeded";
  readonly startedDaysAgo?: number;
  readonly owner?: ProcessIdentity;
  readonly uses: ReadonlyArray<ActionRecord>;
  readonly pinned?: ReadonlyArray<string>;
}

/** A run that has used records, as its log tells. */
export function loggedRun(root: string, spec: RunSpec): void {
  const { run, file = "/a.yaml", status = "succeeded", startedDaysAgo = 0, owner = thisProcess() } = spec;
  const started = new Date(Date.now() - startedDaysAgo * dayMs).toISOString();
  const steps = spec.uses.map(({ provenance: { step } }) => ({
    step,
    stage: "say",
    version: 1,
    ...(spec.pinned?.includes(step) === true ? { pin: true } : {}),
  }));
  const folder = join(layoutOf(root).runs, run);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ run, file, status, owner, started, steps }));
  const events = spec.uses.map(({ fingerprint, provenance: { step } }) =>
    JSON.stringify({ event: "step.hit", step, fingerprint, outputs: {} }),
  );
  writeFileSync(join(folder, "events.ndjson"), events.map((line) => `${line}\n`).join(""));
}

/** Files below the cache by path from its root, sorted; without runs and the layout's mark. */
export const filesOf = (root: string): ReadonlyArray<string> =>
  (existsSync(root) ? readdirSync(root, { recursive: true, encoding: "utf8" }) : [])
    .filter((name) => !name.startsWith("runs") && name !== "layout.json" && statSync(join(root, name)).isFile())
    .sort();
