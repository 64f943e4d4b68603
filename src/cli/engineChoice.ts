/** Which engine and device a command computes with: `--engine`, `--device`, else the environment, else onnx on the CPU. */
import { deviceClasses, parseDevice } from "../core/device.ts";
import { nameHint } from "../core/suggest.ts";
import { defaultChoice, type EngineChoice, EngineUnavailable, identityOf } from "../engine/EngineChoice.ts";
import { engineNames } from "../engine/engineNames.ts";
import { type Invocation, UsageError, valueOf } from "./commandLine.ts";

export const engineVariable = "PIPELINE_ENGINE";
export const deviceVariable = "PIPELINE_DEVICE";

export interface AskedEngine {
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
}

type Variables = { readonly [name: string]: string | undefined };

/** Throws `UsageError` where a name is none, the engine is not installed, or it has no such device. Whether the device is there shows when it computes. */
export function engineChoice(asked: AskedEngine, env: Variables): EngineChoice {
  const [engine, engineFrom] = firstOf(asked.engine, "--engine", env, engineVariable) ?? [defaultChoice.engine, ""];
  const [device, deviceFrom] = firstOf(asked.device, "--device", env, deviceVariable) ?? [defaultChoice.device, ""];
  const name = engineNames.find((each) => each === engine);
  if (name === undefined)
    throw new UsageError(`${engineFrom} cannot be \`${engine}\``, nameHint(engine, engineNames, "it takes one of"));
  if (parseDevice(device) === undefined)
    throw new UsageError(
      `${deviceFrom} cannot be \`${device}\``,
      nameHint(device, deviceClasses, "it takes one of, or one of several such as cuda:1"),
    );
  const choice = { engine: name, device };
  try {
    identityOf(choice);
  } catch (error) {
    throw asUsageError(error);
  }
  return choice;
}

/** What was asked for is not to be had: a mistake in the arguments. Any other error as it is. */
export const asUsageError = (error: unknown): unknown =>
  error instanceof EngineUnavailable ? new UsageError(lowerFirst(error.message), error.hint) : error;

/** The choice of a command's own options and the environment. */
export const chosenEngine = (invocation: Invocation): EngineChoice =>
  engineChoice({ engine: valueOf(invocation, "engine"), device: valueOf(invocation, "device") }, process.env);

function firstOf(asked: string | undefined, option: string, env: Variables, variable: string) {
  if (asked !== undefined) return [asked, option] as const;
  const value = env[variable];
  return value === undefined || value === "" ? undefined : ([value, variable] as const);
}

const lowerFirst = (text: string) => text[0]!.toLowerCase() + text.slice(1);

/** For processes of ours, which read it by the same function. */
export const engineEnvironment = ({ engine, device }: EngineChoice) => ({
  [engineVariable]: engine,
  [deviceVariable]: device,
});
