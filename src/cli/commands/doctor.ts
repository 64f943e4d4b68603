/**
 * `pipeline doctor`: what this machine offers, each engine on each device tried out with its speed, and for what is missing the
 * command that installs it. `--install tensorflow` brings that engine.
 */
import { availableParallelism } from "node:os";
import { devicesOf, type EngineChoice } from "../../engine/EngineChoice.ts";
import { onnxIdentity } from "../../engine/identity.ts";
import {
  folderVariable,
  installedTensorFlow,
  recipeFolder,
  tensorFlowFolder,
} from "../../engine/tensorflow/installed.ts";
import { colorsOf, wantsColor } from "../../log/colors.ts";
import { type Invocation, isOn, valueOf } from "../commandLine.ts";
import { checkCache, machine, nvidiaGpus } from "../doctor/machine.ts";
import { type EngineReport, isDefault, missingOf, type Report, reportLines } from "../doctor/report.ts";
import { runProbe } from "../doctor/runProbe.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines, writeError } from "../output.ts";
import { cacheFolder } from "../places.ts";

export async function doctor(invocation: Invocation): Promise<number> {
  if (valueOf(invocation, "install") !== undefined) return install(isOn(invocation, "json"));
  const report = await examine(cacheFolder(valueOf(invocation, "cache"), process.cwd()));
  const { stdout } = process;
  if (isOn(invocation, "json")) printJson(report);
  else printLines(reportLines(report, colorsOf(wantsColor(stdout, process.env)), stdout.columns ?? 100));
  return report.ok ? exitCodes.done : exitCodes.checkSaidNo;
}

async function examine(cacheFolder: string): Promise<Report> {
  const { builtInDevices } = await import("../../engine/onnx/executionProviders.ts");
  const devices = builtInDevices();
  const tensorflow = installedTensorFlow(tensorFlowFolder()) ?? null;
  const hasGpu = tensorflow?.package === "@tensorflow/tfjs-node-gpu";
  const choices: ReadonlyArray<EngineChoice> = [
    ...devicesOf.onnx.filter((each) => devices.includes(each)).map((device) => ({ engine: "onnx" as const, device })),
    ...devicesOf.tensorflow
      .filter((device) => device === "cpu" || hasGpu)
      .map((device) => ({ engine: "tensorflow" as const, device })),
    { engine: "cpu", device: "cpu" },
  ];
  const engines: Array<EngineReport> = [];
  for (const choice of choices) engines.push({ ...choice, ...(await telling(choice, runProbe(choice))) });
  const cache = checkCache(cacheFolder);
  const missing = missingOf(cache, engines);
  return {
    ok: !missing.some(({ isNeeded }) => isNeeded) && engines.some((each) => isDefault(each) && each.works),
    machine: await machine(),
    cache,
    onnxruntime: { version: onnxIdentity.version, devices },
    tensorflow,
    threads: availableParallelism(),
    engines,
    missing,
  };
}

/** On a terminal, what is being tried: some seconds pass. */
async function telling<A>({ engine, device }: EngineChoice, work: Promise<A>): Promise<A> {
  if (process.stderr.isTTY) writeError(`trying ${engine} on ${device} …`);
  const result = await work;
  if (process.stderr.isTTY) writeError("\r\u001b[2K");
  return result;
}

async function install(isJson: boolean): Promise<number> {
  const { installTensorFlow } = await import("../../engine/tensorflow/install.ts");
  const { InstallFailure, runCommand } = await import("../../engine/tensorflow/runCommand.ts");
  const gpus = await nvidiaGpus();
  try {
    const installed = await installTensorFlow({
      folder: tensorFlowFolder(),
      recipe: recipeFolder(),
      gpu: gpus.length > 0,
      run: runCommand,
      say: (line) => writeError(`${line}\n`),
      verify: async (folder) => {
        const probed = await runProbe({ engine: "tensorflow", device: "cpu" }, { [folderVariable]: folder });
        if (!probed.works) throw new InstallFailure(probed.problem, probed.remedy.needs);
        return probed.version.split("+").at(-1)!;
      },
    });
    if (isJson) printJson(installed);
    else printLines([`the tensorflow engine is ready: pipeline run FILE --engine tensorflow`]);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof InstallFailure)) throw error;
    writeError(`error: the tensorflow engine could not be installed: ${error.message}\n  hint: ${error.hint}\n`);
    return exitCodes.stepFailed;
  }
}
