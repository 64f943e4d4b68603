/** Starts the process of a probe and reads what it tells. */
import { execFile } from "node:child_process";
import type { EngineChoice } from "../../engine/EngineChoice.ts";
import { entryEnvironment, entryPath } from "../layers.ts";
import type { ProbeResult } from "./ProbeResult.ts";

/** A software renderer behind WebGPU takes twenty seconds; what takes longer is of no use. */
const timeoutMs = 30_000;

/** @param env more for its environment, such as where the tensorflow engine is installed */
export const runProbe = (
  { engine, device }: EngineChoice,
  env: { readonly [name: string]: string } = {},
): Promise<ProbeResult> =>
  new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: "SIGKILL" as const, // native code that hangs hears no other
      env: { ...process.env, ...entryEnvironment({ engine, device }), ...env },
    };
    // What it prints besides is of the libraries, and told by their errors.
    execFile(process.execPath, [entryPath("probe"), engine, device], options, (error, stdout) => {
      const told = lastResult(stdout);
      if (told !== undefined) return resolve(told);
      const reason = error?.killed === true ? `it took more than ${timeoutMs / 1000} s` : deathOf(error);
      resolve({
        works: false,
        problem: `Trying ${engine} on ${device} failed: ${reason}`,
        remedy: { needs: "take another device" },
      });
    });
  });

/** A crash in native code has a signal and no message. */
const deathOf = (error: { readonly signal?: unknown; readonly code?: unknown } | null): string =>
  `its process ended with ${String(error?.signal ?? `exit code ${String(error?.code)}`)}`;

function lastResult(stdout: string): ProbeResult | undefined {
  const line = stdout.trim().split("\n").at(-1)!;
  return line.startsWith('{"works":') ? (JSON.parse(line) as ProbeResult) : undefined;
}
