/**
 * One file of the hub, into a folder: written as `NAME.partial`, resumed by range where a part is there, checked by size and
 * digest, made durable, renamed.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HubProblem } from "./HubProblem.ts";
import { getFromHub, Passing, reasonOf, withRetries, type HubAnswer, type HubRequests } from "./hubRequest.ts";
import type { HubSource } from "./hubSource.ts";

export interface FileProgress {
  /** Bytes of this file that are here, and of the whole. */
  (done: number, total: number): void;
}

/** A connection that gives nothing for so long is taken for broken. */
const idleMs = 60_000;

/**
 * True once the file is in the folder (also: was before), false where the hub has no such file.
 *
 * @throws HubProblem where the hub refuses, or what came is not what it should be
 */
export async function downloadFile(
  requests: HubRequests,
  source: HubSource,
  name: string,
  folder: string,
  onProgress: FileProgress,
): Promise<boolean> {
  const path = join(folder, name);
  const present = await sizeOf(path);
  if (present !== undefined) {
    onProgress(present, present);
    return true;
  }
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.partial`;
  let received = (await sizeOf(part)) ?? 0;
  const what = `${name} of ${source.owner}/${source.name}`;
  const wanted = await withRetries(
    requests,
    what,
    () => received,
    async () => {
      const answer = await askFor(requests, source, name, what, received);
      if (answer === undefined) return undefined;
      const total = await receive(answer, part, (done, all) => onProgress((received = done), all));
      return { ...total, digest: digestOf(answer) };
    },
  );
  if (wanted === undefined) return false;
  await check(part, wanted, what);
  await rename(part, path);
  return true;
}

const sizeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.size;

/** Undefined where there is no such file; a whole new start where the range is refused. */
async function askFor(
  requests: HubRequests,
  source: HubSource,
  name: string,
  what: string,
  from: number,
): Promise<HubAnswer | undefined> {
  const { owner, name: model, commit } = source;
  const path = `/${owner}/${model}/resolve/${commit}/${name.split("/").map(encodeURIComponent).join("/")}`;
  const answer = await getFromHub(requests, path, what, from > 0 ? { range: `bytes=${from}-` } : {});
  const { response, header } = answer;
  if (response.status === 404) {
    await response.body?.cancel();
    return missing(source, header("x-error-code"), requests);
  }
  const sent = header("x-repo-commit");
  if (sent !== undefined && sent !== commit)
    throw new HubProblem(`${what}: the hub sent commit ${sent}, not ${commit}`, "look at HF_ENDPOINT");
  if (response.status !== 416) return answer;
  await response.body?.cancel();
  // All of it is here already, or more than all: asked for from the start, it tells.
  return askFor(requests, source, name, what, 0);
}

function missing({ owner, name, commit }: HubSource, code: string | undefined, requests: HubRequests): undefined {
  const { endpoint } = requests.settings;
  if (code === "RepoNotFound")
    throw new HubProblem(
      `${endpoint} has no model ${owner}/${name}`,
      "look at the name; for a private model give a token in HF_TOKEN",
    );
  if (code === "RevisionNotFound")
    throw new HubProblem(
      `${owner}/${name} has no commit ${commit}`,
      `its commits are listed at ${endpoint}/${owner}/${name}/commits/main`,
    );
}

/** Writes what comes behind what is there, or from the start where the answer is the whole. */
async function receive(
  { response, header }: HubAnswer,
  part: string,
  onProgress: FileProgress,
): Promise<{ readonly size: number | undefined }> {
  const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  const start = response.status === 206 && range !== null ? Number(range[1]) : 0;
  const length = numberOf(response.headers.get("content-length"));
  const size =
    numberOf(header("x-linked-size")) ?? numberOf(range?.[2]) ?? (length === undefined ? undefined : start + length);
  const file = await open(part, start > 0 ? "r+" : "w");
  try {
    await file.truncate(start);
    let done = start;
    onProgress(done, size ?? done);
    for await (const bytes of pieces(response)) {
      await file.write(bytes, 0, bytes.length, done);
      done += bytes.length;
      onProgress(done, size ?? done);
    }
    if (size !== undefined && done < size) throw new Passing(`the connection broke off after ${done} of ${size} bytes`);
    await file.sync();
    return { size };
  } finally {
    await file.close();
  }
}

/** The body's bytes; a break, or a minute of silence, is a Passing. */
async function* pieces(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await withinIdleTime(reader.read());
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    throw cause instanceof Passing ? cause : new Passing(reasonOf(cause), { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function withinIdleTime<A>(reading: Promise<A>): Promise<A> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Passing(`nothing came for ${idleMs / 1000} s`)), idleMs);
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(timer);
  }
}

const numberOf = (text: string | null | undefined): number | undefined =>
  text === null || text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);

interface Digest {
  readonly kind: "sha256" | "git blob sha1";
  readonly hex: string;
}

/** Large files have their sha256 as tag, those in git itself their blob's name; any other tag says nothing of the content. */
function digestOf({ header }: HubAnswer): Digest | undefined {
  const tag = (header("x-linked-etag") ?? header("etag"))?.replace(/^W\//, "").replaceAll('"', "");
  if (tag === undefined) return undefined;
  if (/^[0-9a-f]{64}$/.test(tag)) return { kind: "sha256", hex: tag };
  return /^[0-9a-f]{40}$/.test(tag) ? { kind: "git blob sha1", hex: tag } : undefined;
}

async function check(
  part: string,
  wanted: { readonly size: number | undefined; readonly digest: Digest | undefined },
  what: string,
): Promise<void> {
  const size = (await stat(part)).size;
  const refuse = async (found: string, expected: string): Promise<never> => {
    await rm(part, { force: true });
    throw new HubProblem(
      `${what} came damaged: ${found}, expected was ${expected}`,
      "what came was removed; run the same command again, and look at what stands between here and the hub if it happens again",
    );
  };
  if (wanted.size !== undefined && size !== wanted.size) await refuse(`${size} bytes`, `${wanted.size} bytes`);
  if (wanted.digest === undefined) return;
  const { kind, hex } = wanted.digest;
  const found = await hashFile(part, kind === "sha256" ? createHash("sha256") : blobHash(size));
  if (found !== hex) await refuse(`its ${kind} is ${found}`, hex);
}

const blobHash = (size: number): Hash => createHash("sha1").update(`blob ${size}\0`);

async function hashFile(path: string, hash: Hash): Promise<string> {
  const file: FileHandle = await open(path, "r");
  try {
    for await (const bytes of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false }))
      hash.update(bytes as Uint8Array);
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}
