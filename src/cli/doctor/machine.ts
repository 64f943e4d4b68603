/** What the machine is, as far as it matters here: the processor, memory, disk, GPUs, and whether the cache can be kept. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { environmentFacts } from "../../core/environment.ts";

export interface Machine {
  readonly platform: string;
  readonly node: string;
  readonly cpu: string;
  /** Those that decide numbers and speed: `avx2`, `avx512_vnni`, `amx_tile`. */
  readonly cpuFeatures: ReadonlyArray<string>;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly host: string;
  readonly gpus: ReadonlyArray<Gpu>;
}

export interface Gpu {
  readonly name: string;
  readonly driver: string;
  readonly memory: string;
}

export async function machine(): Promise<Machine> {
  const facts = environmentFacts();
  return {
    platform: `${facts["platform"]} on ${facts["arch"]}`,
    node: String(facts["node"]),
    cpu: String(facts["cpu"]),
    cpuFeatures: String(facts["cpuFeatures"]).split(" "),
    cores: Number(facts["cores"]),
    memoryBytes: totalmem(),
    host: String(facts["host"]),
    gpus: await nvidiaGpus(),
  };
}

/** What NVIDIA's driver lists; none where there is no such driver. */
export async function nvidiaGpus(): Promise<ReadonlyArray<Gpu>> {
  const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", query, { timeout: 5000 });
    return stdout
      .split("\n")
      .map((line) => line.split(",").map((cell) => cell.trim()))
      .flatMap(([name, driver, memory]) => (memory === undefined ? [] : [{ name: name!, driver: driver!, memory }]));
  } catch {
    return []; // not there, or it has nothing to say
  }
}

export interface CacheCheck {
  readonly folder: string;
  readonly freeBytes: number;
  /** A file can be written there. */
  readonly writable: boolean;
  /** link(2) works, by which results are published. */
  readonly links: boolean;
  /** The system's code where one of them failed: `EROFS`. */
  readonly code: string | null;
}

/** Tries it in the folder itself, or the nearest one above that is there; leaves nothing behind. */
export function checkCache(folder: string): CacheCheck {
  let place = folder;
  while (!fs.existsSync(place)) place = dirname(place);
  const { bavail, bsize } = fs.statfsSync(place);
  const found = { folder, freeBytes: bavail * bsize };
  let made: string | undefined;
  let writable = false;
  try {
    made = fs.mkdtempSync(join(place, ".tandem-doctor-"));
    fs.writeFileSync(join(made, "file"), "a line\n", { flush: true });
    writable = true;
    fs.linkSync(join(made, "file"), join(made, "link"));
    return { ...found, writable, links: true, code: null };
  } catch (error) {
    return { ...found, writable, links: false, code: (error as NodeJS.ErrnoException).code ?? String(error) };
  } finally {
    if (made !== undefined) fs.rmSync(made, { recursive: true, force: true });
  }
}
