/**
 * What a step claims of the machine it runs on, as its file says, against what there is. In no key: the numbers are the same on any
 * number of cores. An executor that knows what its machine has says so; what is asked for beyond that is a mistake in the file.
 */
import * as Effect from "effect/Effect";
import { formatBytes } from "./bytes.ts";
import { InvalidPipeline, type Diagnostic } from "./Diagnostic.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Step } from "./Graph.ts";
import { counted } from "./suggest.ts";

export interface Resources {
  /** Cores, at least 1; also the threads that it computes with. */
  readonly cpu?: number;
  readonly memoryBytes?: number;
  /** Devices. */
  readonly gpu?: number;
}

/** What a machine has for all steps together. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

/** Before anything runs: no step that would run may ask for more than the machine has. */
export const checkResources = (evaluation: Evaluation, machine: Machine): Effect.Effect<void, InvalidPipeline> => {
  const toRun = evaluation.filter((each) => each !== undefined && each.record === undefined && !("leftOutBy" in each));
  const told = new Set<string>();
  const diagnostics = toRun
    .flatMap((each) => mistakesOf(each!.step, machine))
    .filter(({ message, location }) => {
      // A step of a loop asks in every cycle, and is one mistake.
      const place = `${location?.line}:${location?.column} ${message.replace(/^.*? asks/, "")}`;
      return told.has(place) ? false : told.add(place);
    });
  return diagnostics.length === 0 ? Effect.void : Effect.fail(new InvalidPipeline({ diagnostics }));
};

function mistakesOf({ id, declaredAs, resources = {}, location }: Step, machine: Machine): ReadonlyArray<Diagnostic> {
  const { cpu = 0, memoryBytes = 0, gpu = 0 } = resources;
  const beyond = (asked: string, has: string, key: keyof Resources | "memory"): Diagnostic => ({
    location,
    length: declaredAs.length - declaredAs.lastIndexOf(".") - 1,
    message: `step \`${id}\` asks for ${asked}, and this machine has ${has}`,
    hint: `lower \`resources.${key}\` of the step, or run it on a machine that has as much`,
  });
  return [
    ...(cpu > machine.cores ? [beyond(counted(cpu, "core"), String(machine.cores), "cpu")] : []),
    ...(memoryBytes > machine.memoryBytes
      ? [beyond(`${formatBytes(memoryBytes)} of memory`, formatBytes(machine.memoryBytes), "memory")]
      : []),
    ...(gpu > machine.gpus
      ? [beyond(counted(gpu, "GPU"), machine.gpus === 0 ? "none" : String(machine.gpus), "gpu")]
      : []),
  ];
}
