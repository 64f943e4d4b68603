/**
 * Names of devices: a class, and of classes that a machine may have several of, which one: `cpu`, `cuda`, `cuda:1`. The class
 * decides numbers and is in the key, the index is not.
 */
import * as Schema from "effect/Schema";
import type { Step } from "./Graph.ts";

/** Those onnxruntime's packages for Node know that compute in float32. */
export const deviceClasses = ["cpu", "cuda", "tensorrt", "webgpu", "dml", "coreml"] as const;
export type DeviceClass = (typeof deviceClasses)[number];

const indexed = /^(cuda|tensorrt|dml):(\d{1,3})$/;

export interface Device {
  readonly class: DeviceClass;
  readonly index: number;
}

/** Undefined where the name is none. */
export function parseDevice(name: string): Device | undefined {
  const [, family, index] = indexed.exec(name) ?? [undefined, name, "0"];
  const found = deviceClasses.find((each) => each === family);
  return found === undefined ? undefined : { class: found, index: Number(index) };
}

/** The setting that every stage which computes has, beside its own: see `defineStage`. Not part of the config's key. */
export const deviceSetting = "device";

export const DeviceField = Schema.optionalKey(
  Schema.Union([Schema.Literals(deviceClasses), Schema.String.check(Schema.isPattern(indexed))]).annotate({
    expected: `a device: ${deviceClasses.join(", ")}, or one of several such as cuda:1`,
    description:
      "What it computes on; `pipeline doctor` lists what this machine has. One that is not available fails the step. Default: the run's --device.",
  }),
);

/** The device that a step asks for; undefined where it takes the run's. */
export function deviceOf({ stage, encodedConfig }: Pick<Step, "stage" | "encodedConfig">): string | undefined {
  const named = stage.usesEngine ? encodedConfig[deviceSetting] : undefined;
  return typeof named === "string" ? named : undefined;
}
