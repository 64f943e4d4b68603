/**
 * Facts about the machine, for records and runs: they explain a difference, they are never part of a key.
 * Bit-equality is promised per class of CPU, so the features that decide it are named.
 */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, hostname, platform } from "node:os";

export type Environment = { readonly [fact: string]: string | number };

const decisive = ["avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve"];

let known: Environment | undefined;

export function environmentFacts(): Environment {
  known ??= {
    node: process.versions.node,
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model ?? "unknown",
    cpuFeatures: cpuFeatures(),
    cores: availableParallelism(),
    host: hostname(),
  };
  return known;
}

/** Linux tells the features of its CPU; elsewhere the model's name has to do. */
function cpuFeatures(): string {
  try {
    const text = readFileSync("/proc/cpuinfo", "utf8").slice(0, 8192);
    const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/));
    return decisive.filter((flag) => flags.has(flag)).join(" ");
  } catch {
    return "unknown";
  }
}
