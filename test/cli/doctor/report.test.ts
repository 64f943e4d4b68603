import { describe, expect, it } from "vitest";
import { type EngineReport, missingOf, type Report, reportLines } from "../../../src/cli/doctor/report.ts";
import { checkCache } from "../../../src/cli/doctor/machine.ts";
import { colorsOf } from "../../../src/log/colors.ts";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const working = { works: true, version: "1.30.0", gigaflops: 165.4, stepMs: 2.34 } as const;
const engines: ReadonlyArray<EngineReport> = [
  { engine: "onnx", device: "cpu", ...working },
  {
    engine: "onnx",
    device: "cuda",
    works: false,
    problem: "The device cuda is not available: onnxruntime says: Failed to load shared library",
    remedy: { needs: "it needs NVIDIA's driver and onnxruntime's parts for it", command: "npm rebuild it" },
  },
  {
    engine: "tensorflow",
    device: "cpu",
    works: false,
    problem: "The tensorflow engine is not installed",
    remedy: { needs: "install it", command: "pipeline doctor --install tensorflow" },
  },
  { engine: "cpu", device: "cpu", ...working, gigaflops: 1.52, stepMs: 98 },
];
const cache = { folder: "/home/a/cache", freeBytes: 78.4e9, writable: true, links: true, code: null };
const report: Report = {
  ok: true,
  machine: {
    platform: "linux on x64",
    node: "22.23.3",
    cpu: "AMD EPYC",
    cpuFeatures: ["avx2", "fma", "avx512_vnni"],
    cores: 2,
    memoryBytes: 25e9,
    host: "vm",
    gpus: [],
  },
  cache,
  onnxruntime: { version: "1.30.0", devices: ["cpu", "webgpu", "cuda"] },
  tensorflow: null,
  threads: 2,
  engines,
  missing: missingOf(cache, engines),
};

const text = (changed: Partial<Report> = {}) => reportLines({ ...report, ...changed }, colorsOf(false), 80).join("\n");

describe("the report of `pipeline doctor`", () => {
  it("shows the machine, each engine's speed, and what installs the rest", () => {
    expect(text()).toBe(`Node         22.23.3, linux on x64
processor    AMD EPYC, 2 cores
             avx2 fma avx512_vnni
memory       25 GB
GPU          none that nvidia-smi shows
cache        /home/a/cache: 78 GB free, can be written, hard links work
onnxruntime  1.30.0, for cpu, webgpu, cuda
tensorflow   not installed
Python       not needed

engine      device  GFLOP/s  ms an update
onnx        cpu         165           2.3  the default
onnx        cuda          –             –  not available
tensorflow  cpu           –             –  not available
cpu         cpu         1.5          98.0

onnx on cuda (optional): The device cuda is not available: onnxruntime says:
Failed to load shared library.
  it needs NVIDIA's driver and onnxruntime's parts for it:
    npm rebuild it

tensorflow (optional): The tensorflow engine is not installed.
  install it:
    pipeline doctor --install tensorflow

All that runs need works.`);
  });

  it("names GPUs, the library of the tensorflow engine, and threads fewer than cores", () => {
    const shown = text({
      machine: { ...report.machine, gpus: [{ name: "NVIDIA H100", driver: "550.90", memory: "81559 MiB" }] },
      tensorflow: { package: "@tensorflow/tfjs-node", version: "4.22.0", tensorflow: "2.16.2", from: "pypi" },
      threads: 1,
    });
    expect(shown).toContain("GPU          NVIDIA H100, 81559 MiB, driver 550.90\n");
    expect(shown).toContain("tensorflow   2.16.2 behind @tensorflow/tfjs-node 4.22.0, built against PyPI's\n");
    expect(shown).toContain("AMD EPYC, 2 cores, 1 used\n");
  });

  it("tells what every run needs from what is optional", () => {
    const lost = { ...cache, writable: false, links: false, code: "EROFS" };
    const missing = missingOf(lost, engines);
    expect(missing[0]).toEqual({
      what: "cache",
      isNeeded: true,
      why: "/home/a/cache cannot be written (EROFS)",
      needs: "name another folder: --cache DIR, or PIPELINE_CACHE",
      command: null,
    });
    expect(missing.slice(1).map(({ isNeeded }) => isNeeded)).toEqual([false, false]);
    expect(text({ ok: false, cache: lost, missing })).toContain(
      "cache: /home/a/cache cannot be written (EROFS).\n  name another folder: --cache DIR, or PIPELINE_CACHE\n",
    );
    const unlinked = missingOf({ ...lost, writable: true, code: "EPERM" }, []);
    expect(unlinked[0]!.why).toBe(
      "/home/a/cache is on a disk without hard links (EPERM), by which results are published",
    );
  });
});

describe("the check of the cache", () => {
  it("tries the nearest folder that is there, and leaves nothing in it", () => {
    const home = mkdtempSync(join(tmpdir(), "tandem-doctor-"));
    expect(checkCache(join(home, "not", "yet"))).toMatchObject({ writable: true, links: true, code: null });
    expect(readdirSync(home)).toEqual([]);
    rmSync(home, { recursive: true });
  });

  it.runIf(process.platform === "linux")("says with the system's word that it cannot be written", () => {
    expect(checkCache("/proc/cache")).toMatchObject({ writable: false, links: false, code: "ENOENT" });
  });
});
