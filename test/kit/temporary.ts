/** A folder of its own for a test, gone when its scope closes. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";

// In memory where there is such a place: what these tests ask of a disk is order, and fsync is slow.
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(place, "tandem-test-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
);
