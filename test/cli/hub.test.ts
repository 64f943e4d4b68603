import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HubServer, hubCommit } from "../kit/hubServer.ts";
import { folderOf, tinyFiles } from "../model/tinyFolder.ts";
import { Workplace } from "./pipelineCommand.ts";

/** The tiny model's files as bytes. */
async function modelFiles(): Promise<{ [name: string]: Uint8Array }> {
  const { read } = folderOf(tinyFiles());
  const names = Object.keys(tinyFiles());
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await read(name))!] as const)));
}

const source = `hub:acme/tiny@${hubCommit}`;
const pipelineOf = (from: string) => `name: hub
steps:
  backbone: { uses: load-model, with: { source: "${from}" } }
  corpus: { uses: read-sentences, with: { path: data.txt } }
  tokens: { uses: tokenize, in: { tokenizer: backbone.tokenizer, sentences: corpus } }
`;

let place: Workplace;
let hub: HubServer;
let files: { [name: string]: Uint8Array };

beforeAll(async () => {
  place = new Workplace();
  files = await modelFiles();
  place.file("hub.yaml", pipelineOf(source));
  place.file("folder.yaml", pipelineOf("./model"));
  place.file("data.txt", "the cat sleeps\n");
  writeFiles(join(place.folder, "model"));
});
afterAll(() => place.remove());
beforeEach(async () => {
  hub = await new HubServer("acme/tiny", files).open();
});
afterEach(async () => {
  await hub.close();
  rmSync(join(place.folder, "cache"), { recursive: true, force: true });
});

function writeFiles(folder: string): void {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

const run = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}) => {
  const none = { HF_TOKEN: "", PIPELINE_HUB_MIRROR: "", HF_HUB_OFFLINE: "", PIPELINE_OFFLINE: "" };
  return place.run([...args, "--cache", "cache"], { env: { ...none, HF_ENDPOINT: hub.endpoint, ...env } });
};

const planned = async (file: string, env: NodeJS.ProcessEnv = {}) => {
  const { stdout, stderr, code } = await run(["plan", file, "--json"], env);
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { steps: Array<{ step: string; state: string; why: unknown; fingerprint: unknown }> })
    .steps;
};

const events = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; step?: string; [key: string]: unknown });

describe("a model of the hub", () => {
  it("waits in the plan, is downloaded by the run, and is then like a folder", async () => {
    const [backbone, , tokens] = await planned("hub.yaml");
    const why = [{ part: "download", path: "source", from: null, to: source }];
    expect(backbone).toMatchObject({ step: "backbone", state: "waits", why, fingerprint: null });
    expect(tokens).toMatchObject({ state: "stale" });
    expect((await run(["plan", "hub.yaml"])).stdout).toContain(`source: ${source} is not downloaded yet`);
    expect(hub.requests).toEqual([]);
    expect(existsSync(join(place.folder, "cache", "hub"))).toBe(false);

    const ran = await run(["run", "hub.yaml", "--json"]);
    expect(ran.code, ran.stderr).toBe(0);
    const ofBackbone = events(ran.stdout).filter(({ step }) => step === "backbone");
    expect(ofBackbone.map(({ event }) => event).filter((event) => event !== "step.progress")).toEqual([
      "step.started",
      "step.finished",
    ]);
    expect(ofBackbone.find(({ unit }) => unit === "bytes")).toMatchObject({ event: "step.progress" });
    expect(events(ran.stdout)[0]).toMatchObject({
      event: "run.started",
      plan: [{ state: "waits" }, { state: "stale" }, { state: "stale" }],
    });

    // The same content from a folder has the same key, whatever its name.
    for (const file of ["hub.yaml", "folder.yaml"])
      expect((await planned(file)).map(({ state }) => state)).toEqual(["fresh", "fresh", "fresh"]);
    hub.requests.length = 0;
    expect((await run(["run", "hub.yaml"])).stdout).toContain("all 3 steps are fresh");
    expect(hub.requests).toEqual([]);
  });

  it("is a hit after the download where a record is there", async () => {
    await run(["run", "folder.yaml"]);
    const ran = await run(["run", "hub.yaml", "--json"]);
    const ends = events(ran.stdout).filter(({ event }) => event === "step.hit" || event === "step.finished");
    expect(ends.map(({ event, step }) => `${event} ${step!}`).sort()).toEqual([
      "step.hit backbone",
      "step.hit corpus",
      "step.hit tokens",
    ]);
  });

  it("fails by name where the hub refuses, and the other steps go on", async () => {
    hub.faults.token = "secret";
    const { code, stderr, stdout } = await run(["run", "hub.yaml", "--keep-going"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "error: step backbone: config.json of acme/tiny is not open to everyone, or is not there (401)\n" +
        "  hint: look at the name; for a private or gated model give a token in HF_TOKEN\n",
    );
    expect(stdout).toContain("ran 1, hits 0, failed 1, skipped 1");
    expect((await run(["run", "hub.yaml"], { HF_TOKEN: "secret" })).code).toBe(0);
  });

  it("stays away from the network when told, and says so", async () => {
    for (const variable of ["HF_HUB_OFFLINE", "PIPELINE_OFFLINE"]) {
      const { code, stderr } = await run(["run", "hub.yaml"], { [variable]: "1" });
      expect(code).toBe(1);
      expect(stderr).toContain(
        `error: step backbone: ${source} is not downloaded, and ${variable} forbids the network\n` +
          `  hint: unset ${variable}, or name a folder that holds the model in PIPELINE_HUB_MIRROR\n`,
      );
    }
    expect(hub.requests).toEqual([]);
  });

  it("may lie in a mirror, by its name or as Hugging Face's cache has it", async () => {
    for (const form of [`acme/tiny/${hubCommit}`, `models--acme--tiny/snapshots/${hubCommit}`]) {
      const mirror = join(place.folder, "mirror");
      cpSync(join(place.folder, "model"), join(mirror, form), { recursive: true });
      const env = { PIPELINE_HUB_MIRROR: mirror, PIPELINE_OFFLINE: "1" };
      expect((await planned("hub.yaml", env))[0]!.state).toBe("stale");
      expect((await run(["run", "hub.yaml"], env)).code).toBe(0);
      expect((await planned("hub.yaml", env))[0]!.state).toBe("fresh");
      expect(existsSync(join(place.folder, "cache", "hub"))).toBe(false);
      rmSync(mirror, { recursive: true });
      rmSync(join(place.folder, "cache"), { recursive: true });
    }
  });

  it("is wanted by its commit, which the error offers for a branch", async () => {
    place.file("branch.yaml", pipelineOf("hub:acme/tiny@main"));
    const { code, stderr } = await run(["plan", "branch.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'hub:acme/tiny@main names "main", a branch or tag that may move, and not a commit of 40 hexadecimal digits',
    );
    expect(stderr).toContain(`main is at this commit now: hub:acme/tiny@${hubCommit}`);
    expect(hub.requests).toEqual(["/api/models/acme/tiny/revision/main"]);

    place.file("none.yaml", pipelineOf("hub:acme/tiny"));
    const offline = await run(["run", "none.yaml"], { HF_HUB_OFFLINE: "1" });
    expect(offline.code).toBe(2);
    expect(offline.stderr).toContain("hub:acme/tiny names no commit, and what a model holds may change");
    expect(offline.stderr).toContain(
      `a commit is found at ${hub.endpoint}/acme/tiny/commits/main, or by: git ls-remote ${hub.endpoint}/acme/tiny main`,
    );
    expect(hub.requests).toHaveLength(1);

    place.file("odd.yaml", pipelineOf("hub:tiny@main"));
    expect((await run(["plan", "odd.yaml"])).stderr).toContain("hub:tiny@main is not hub:owner/name@commit");
  });

  it("goes on after Ctrl-C from the part that is here", async () => {
    hub.files.set("model.safetensors", Buffer.concat([files["model.safetensors"]!, Buffer.alloc(400_000)]));
    hub.faults.slowMs = 20;
    const bodyBegan = new Promise<void>((resolve) => {
      hub.faults.onBody = () => hub.requests.at(-1)!.startsWith("/stored/") && resolve();
    });
    let pid = 0;
    const env = { HF_TOKEN: "", PIPELINE_HUB_MIRROR: "", HF_HUB_OFFLINE: "", PIPELINE_OFFLINE: "" };
    const running = place.run(["run", "hub.yaml", "--json", "--cache", "cache"], {
      env: { ...env, HF_ENDPOINT: hub.endpoint },
      atStdout: (id) => (pid = id),
    });
    await bodyBegan;
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(pid, "SIGINT");
    expect((await running).code).toBe(130);
    const folder = join(place.folder, "cache", "hub", "acme", "tiny");
    expect(readdirSync(folder)).toEqual([`${hubCommit}.partial`]);
    expect(readdirSync(join(folder, `${hubCommit}.partial`))).toContain("model.safetensors.partial");
    hub.faults.slowMs = 0;
    hub.requests.length = 0;
    await run(["run", "hub.yaml"]);
    expect(hub.requests.filter((request) => request.startsWith("/stored/"))).toEqual([
      expect.stringMatching(/^\/stored\/model\.safetensors bytes=[1-9]\d+-$/),
    ]);
  });
});
