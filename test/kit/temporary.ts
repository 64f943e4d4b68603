/** A folder of its own for a test, gone when its scope closes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tandem-test-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
);
