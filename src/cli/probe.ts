/**
 * A process of its own that tries one engine on one device and tells what came of it, as one line of JSON: native libraries choose
 * their device when they are loaded, print as they like, and may take their process with them.
 *
 * `probe.ts ENGINE DEVICE [THREADS]`; `pipeline doctor` starts it. PIPELINE_TENSORFLOW names the installation to try.
 */
import { parseDevice } from "../core/device.ts";
import { EngineUnavailable } from "../engine/EngineChoice.ts";
import { engineNames } from "../engine/engineNames.ts";
import { openEngine } from "../engine/openEngine.ts";
import type { ProbeResult } from "./doctor/ProbeResult.ts";

const [written, device = "cpu", threads] = process.argv.slice(2);
const name = engineNames.find((each) => each === written);
if (name === undefined || parseDevice(device) === undefined) {
  process.stderr.write("probe.ts is started by `pipeline doctor`, with an engine and a device.\n");
  process.exit(2);
}

process.stdout.write(`\n${JSON.stringify(await probe(name, device))}\n`);

async function probe(engine: (typeof engineNames)[number], device: string): Promise<ProbeResult> {
  try {
    const opened = await openEngine({ engine, device, ...(threads === undefined ? {} : { threads: Number(threads) }) });
    const { measureSpeed } = await import("./doctor/measureSpeed.ts");
    const speed = await measureSpeed(opened);
    await opened.close();
    return { works: true, version: opened.identity.version, ...speed };
  } catch (error) {
    if (error instanceof EngineUnavailable) return { works: false, problem: error.message, remedy: error.remedy };
    const { message, stack = message } = error as Error;
    return { works: false, problem: message, remedy: { needs: "this is a bug in tandem" }, trace: stack };
  }
}
