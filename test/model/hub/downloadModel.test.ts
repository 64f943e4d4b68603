import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadModel } from "../../../src/model/hub/downloadModel.ts";
import { hubSettings } from "../../../src/model/hub/hubSettings.ts";
import { HubServer, hubCommit } from "../../kit/hubServer.ts";

const weights = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251));
const files = { "config.json": '{"model_type":"bert"}', "1_Pooling/config.json": "{}", "model.safetensors": weights };

let hub: HubServer;
let cache: string;
const folder = () => join(cache, "hub", "acme", "tiny", hubCommit);

beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), "tandem-hub-"));
  hub = await new HubServer("acme/tiny", files).open();
});
afterEach(async () => {
  await hub.close();
  rmSync(cache, { recursive: true, force: true });
});

interface Asked {
  readonly env?: { readonly [name: string]: string };
  readonly commit?: string;
  readonly name?: string;
  readonly choices?: ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>>;
  readonly signal?: AbortSignal;
  readonly progress?: Array<readonly [number, number]>;
}

const download = ({ env = {}, commit = hubCommit, name = "tiny", choices, signal, progress }: Asked = {}) =>
  downloadModel({
    source: { owner: "acme", name, commit },
    wanted: {
      files: ["config.json", "modules.json", "1_Pooling/config.json"],
      choices: choices ?? [[["model.safetensors"], ["pytorch_model.bin"]]],
    },
    folder: folder(),
    settings: hubSettings({ HF_ENDPOINT: hub.endpoint, ...env }),
    onProgress: (done, total) => void progress?.push([done, total]),
    signal: signal ?? new AbortController().signal,
    pausesMs: [1, 1, 1],
  });

const failure = (asked: Asked = {}): Promise<string> =>
  download(asked).then(
    () => "downloaded",
    (error: Error & { hint?: string }) => `${error.message.replaceAll(hub.endpoint, "HUB")} | ${error.hint ?? ""}`,
  );

const names = (path: string): ReadonlyArray<string> =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ".asked.json")
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

const partialBytes = (name: string) => readFileSync(`${folder()}.partial/${name}.partial`).length;
const rangesOf = (path: string) =>
  hub.requests.filter((request) => request.startsWith(path)).map((each) => each.slice(path.length).trim());

describe("a model of the hub", () => {
  it("comes whole: what there is of the wanted files, the large one from behind a redirect", async () => {
    const progress: Array<readonly [number, number]> = [];
    await download({ progress });
    expect(names(join(cache, "hub"))).toEqual(
      Object.keys(files)
        .map((name) => `acme/tiny/${hubCommit}/${name}`)
        .sort(),
    );
    expect(readFileSync(join(folder(), "model.safetensors")).equals(weights)).toBe(true);
    const all = Object.values(files).reduce((sum, content) => sum + content.length, 0);
    expect(progress.at(-1)).toEqual([all, all]);
    expect(hub.requests).toContain("/stored/model.safetensors");
    expect(hub.requests.some((request) => request.includes("pytorch_model"))).toBe(false);
  });

  it("goes on where a cut connection stopped, as often as it breaks while something comes", async () => {
    hub.faults.cuts = [10_000, 9000, 8000, 7000, 6000];
    await download();
    expect(readFileSync(join(folder(), "model.safetensors")).equals(weights)).toBe(true);
    const starts = [10_000, 19_000, 27_000, 34_000, 40_000].map((from) => `bytes=${from}-`);
    expect(rangesOf("/stored/model.safetensors")).toEqual(["", ...starts]);
  });

  it("starts again where the server ignores the range", async () => {
    hub.faults.cuts = [30_000];
    hub.faults.ignoresRange = true;
    await download();
    expect(readFileSync(join(folder(), "model.safetensors")).equals(weights)).toBe(true);
  });

  it("gives up after some breaks in a row, keeps the part, and goes on from it the next time", async () => {
    hub.faults.cuts = [10_000, 0, 0, 0];
    expect(await failure()).toBe(
      "model.safetensors of acme/tiny could not be downloaded from HUB: the connection broke off (UND_ERR_SOCKET) | " +
        "run the same command again when the network is back, it goes on where it stopped; or name a folder that holds the model in PIPELINE_HUB_MIRROR",
    );
    expect(partialBytes("model.safetensors")).toBe(10_000);
    hub.requests.length = 0;
    await download();
    expect(rangesOf("/stored/model.safetensors")).toEqual(["bytes=10000-"]);
    // What was whole already is not asked for again.
    expect(hub.requests.some((request) => request.endsWith("/config.json"))).toBe(false);
  });

  it("checks a part that was all of it, and takes one that was more for nothing", async () => {
    mkdirSync(`${folder()}.partial`, { recursive: true });
    writeFileSync(`${folder()}.partial/model.safetensors.partial`, weights);
    await download();
    rmSync(folder(), { recursive: true });
    mkdirSync(`${folder()}.partial`, { recursive: true });
    writeFileSync(`${folder()}.partial/model.safetensors.partial`, Buffer.concat([weights, weights]));
    await download();
    expect(readFileSync(join(folder(), "model.safetensors")).equals(weights)).toBe(true);
  });

  it("refuses what came damaged, by sha256 and by git's blob, and removes it", async () => {
    hub.faults.tags = { "model.safetensors": "0".repeat(64) };
    expect(await failure()).toMatch(
      /^model\.safetensors of acme\/tiny came damaged: its sha256 is [1-9a-f][0-9a-f]{63}, expected was 0{64} \| /,
    );
    expect(names(`${folder()}.partial`)).not.toContain("model.safetensors.partial");
    rmSync(`${folder()}.partial`, { recursive: true });
    hub.faults.tags = { "config.json": "1".repeat(40) };
    expect(await failure()).toMatch(
      /^config\.json of acme\/tiny came damaged: its git blob sha1 is [0-9a-f]{40}, expected was 1{40} /,
    );
  });

  it("asks again after 500 and 429, and not after what will stay so", async () => {
    hub.faults.statuses = [{ status: 500 }, { status: 503 }, { status: 429, headers: { "retry-after": "0" } }];
    await download();
    rmSync(folder(), { recursive: true });
    hub.faults.statuses = [500, 500, 500, 500].map((status) => ({ status }));
    expect(await failure()).toMatch(/^config\.json of acme\/tiny could not be downloaded from HUB: it answers 500 /);
    hub.faults.statuses = [{ status: 403 }];
    expect(await failure()).toBe(
      "config.json of acme/tiny may not be read without a token (403) | give a token in HF_TOKEN that may read the model",
    );
    hub.faults.statuses = [{ status: 403, headers: { "x-error-code": "GatedRepo" } }];
    expect(await failure()).toBe(
      "config.json of acme/tiny is gated: its owner wants its terms accepted first | " +
        `accept them on the model's page at ${hub.endpoint}, and give a token of that account in HF_TOKEN`,
    );
  });

  it("is told apart from a wrong name, a wrong commit, and one that is not open", async () => {
    expect(await failure({ name: "tinny" })).toBe(
      "HUB has no model acme/tinny | look at the name; for a private model give a token in HF_TOKEN",
    );
    expect(await failure({ commit: "f".repeat(40) })).toBe(
      `acme/tiny has no commit ${"f".repeat(40)} | its commits are listed at ${hub.endpoint}/acme/tiny/commits/main`,
    );
    hub.faults.token = "secret";
    expect(await failure()).toBe(
      "config.json of acme/tiny is not open to everyone, or is not there (401) | " +
        "look at the name; for a private or gated model give a token in HF_TOKEN",
    );
    await download({ env: { HF_TOKEN: "secret" } });
    expect(names(folder())).toHaveLength(3);
  });

  it("follows a redirect to a new name, and not in a circle", async () => {
    const to = `/acme/tiny/resolve/${hubCommit}/config.json`;
    hub.faults.statuses = [{ status: 307, headers: { location: to } }];
    await download({ name: "old-name" }).catch(() => undefined);
    expect(names(`${folder()}.partial`)).toContain("config.json");
    hub.faults.statuses = Array.from({ length: 12 }, () => ({ status: 302, headers: { location: "/x" } }));
    expect(await failure()).toMatch(/redirects in a circle/);
  });

  it("may be in pieces, which its index names", async () => {
    hub.files.delete("model.safetensors");
    const index = JSON.stringify({
      weight_map: { a: "model-2.safetensors", b: "model-1.safetensors", c: "../x", d: "model-1.safetensors" },
    });
    hub.files.set("model.safetensors.index.json", Buffer.from(index));
    for (const piece of ["model-1.safetensors", "model-2.safetensors"]) hub.files.set(piece, Buffer.from(piece));
    await download({ choices: [[["model.safetensors"], ["model.safetensors.index.json", "model-*.safetensors"]]] });
    expect(names(folder())).toEqual([
      "1_Pooling/config.json",
      "config.json",
      "model-1.safetensors",
      "model-2.safetensors",
      "model.safetensors.index.json",
    ]);
  });

  it("is completed where a folder was made for less", async () => {
    await download();
    hub.requests.length = 0;
    hub.files.set("vocab.txt", Buffer.from("a"));
    await download({ choices: [[["model.safetensors"]], [["tokenizer.json"], ["vocab.txt"]]] });
    expect(names(folder())).toContain("vocab.txt");
    await download({ choices: [[["model.safetensors"]], [["tokenizer.json"], ["vocab.txt"]]] });
    const asked = hub.requests.map((request) => request.split("/").at(-1));
    expect(asked).toEqual(["modules.json", "tokenizer.json", "vocab.txt"]);
  });

  it("is downloaded once where two ask for it at the same time", async () => {
    hub.faults.slowMs = 5;
    await Promise.all([download(), download(), download()]);
    expect(rangesOf("/stored/model.safetensors")).toEqual([""]);
    expect(names(join(cache, "hub"))).toHaveLength(3);
  });

  it("leaves its part when interrupted, and takes a lock whose holder is gone", async () => {
    const controller = new AbortController();
    hub.faults.slowMs = 30;
    const progress: Array<readonly [number, number]> = [];
    const running = download({ signal: controller.signal, progress });
    while ((progress.at(-1)?.[0] ?? 0) < 10_000) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await expect(running).rejects.toThrow(/abort/i);
    expect(partialBytes("model.safetensors")).toBeGreaterThan(8000);
    hub.faults.slowMs = 0;
    // No process has this number: pids end below it.
    writeFileSync(`${folder()}.lock`, `99999999 ${(await import("node:os")).hostname()}\n`);
    await download();
    expect(readFileSync(join(folder(), "model.safetensors")).equals(weights)).toBe(true);
  });

  it("says so where nobody answers", async () => {
    await hub.close();
    expect(await failure()).toMatch(
      /^config\.json of acme\/tiny could not be downloaded from HUB: connection refused \(ECONNREFUSED\) \| /,
    );
    hub = await new HubServer("acme/tiny", files).open();
  });
});
