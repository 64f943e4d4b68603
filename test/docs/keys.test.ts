/** docs/keys.md shows a pipeline and a key of it: they are those of the code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { expect, it } from "vitest";
import { keyPartsOf } from "../../src/core/fingerprint.ts";
import { defaultChoice, identityOf } from "../../src/engine/EngineChoice.ts";
import { loadPipeline } from "../../src/spec/loadPipeline.ts";
import { stages } from "../../stages/index.ts";

const text = readFileSync(new URL("../../docs/keys.md", import.meta.url), "utf8");
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)![1]!;

it("docs/keys.md shows the key that its pipeline has", () => {
  const folder = mkdtempSync(join(tmpdir(), "tandem-keys-"));
  writeFileSync(join(folder, "rounds.yaml"), block("yaml"));
  const graph = Effect.runSync(loadPipeline({ file: "rounds.yaml", sets: [], env: {}, cwd: folder, stages }));
  rmSync(folder, { recursive: true });
  const shown = JSON.parse(block("json")) as Pick<ReturnType<typeof keyPartsOf>, "inputs">;
  const step = graph.steps.find(({ id }) => id === "rounds[2].learn")!;
  const engine = identityOf(defaultChoice);
  expect(keyPartsOf(step, { inputs: shown.inputs, files: {}, engine })).toEqual(shown);
});
