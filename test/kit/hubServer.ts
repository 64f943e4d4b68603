/**
 * A hub on 127.0.0.1, as far as models are read from it: `/owner/name/resolve/COMMIT/FILE` with Hugging Face's headers, large files
 * behind a redirect to another path, and the faults that a test asks for.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const hubCommit = "0123456789abcdef0123456789abcdef01234567";

export interface HubFaults {
  /** Statuses answered before anything else, first to last, with headers. */
  statuses: Array<{ readonly status: number; readonly headers?: { readonly [name: string]: string } }>;
  /** Of the next answers with a body of more bytes than that: the connection breaks after so many. */
  cuts: Array<number>;
  ignoresRange: boolean;
  /** Only with this token. */
  token: string | undefined;
  /** File → the tag it is given instead of its own. */
  tags: { [name: string]: string };
  /** Called when a body has begun to go out. */
  onBody: (() => unknown) | undefined;
  /** Milliseconds between pieces of a body. */
  slowMs: number;
}

const largeBytes = 20_000;

export class HubServer {
  /** Method, path and range of each request. */
  readonly requests: Array<string> = [];
  readonly files = new Map<string, Buffer>();
  readonly faults: HubFaults = {
    statuses: [],
    cuts: [],
    ignoresRange: false,
    token: undefined,
    tags: {},
    onBody: undefined,
    slowMs: 0,
  };
  endpoint = "";
  /** `owner/name` */
  readonly model: string;
  private readonly server: Server;

  constructor(model: string, files: { readonly [name: string]: Uint8Array | string }) {
    this.model = model;
    for (const [name, content] of Object.entries(files)) this.files.set(name, Buffer.from(content as Uint8Array));
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const { range, authorization } = request.headers;
    this.requests.push(`${request.url}${range === undefined ? "" : ` ${range}`}`);
    const fault = this.faults.statuses.shift();
    if (fault !== undefined) return void response.writeHead(fault.status, fault.headers).end("no");
    const url = request.url!;
    if (url.startsWith("/stored/")) return this.send(request, response, url.slice("/stored/".length), {});
    if (this.faults.token !== undefined && authorization !== `Bearer ${this.faults.token}`)
      return void response.writeHead(401, { "x-error-code": "RepoNotFound" }).end();
    if (url === `/api/models/${this.model}/revision/main`)
      return void response.writeHead(200, { "content-type": "application/json" }).end(`{"sha":"${hubCommit}"}`);
    const prefix = `/${this.model}/resolve/${hubCommit}/`;
    if (!url.startsWith(prefix))
      return void response.writeHead(404, { "x-error-code": this.errorOf(url) }).end("not found");
    return this.file(request, response, decodeURIComponent(url.slice(prefix.length)));
  }

  private errorOf(url: string): string {
    return url.startsWith(`/${this.model}/`) ? "RevisionNotFound" : "RepoNotFound";
  }

  private file(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> | void {
    const bytes = this.files.get(name);
    if (bytes === undefined) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end("no entry");
    const commit = { "x-repo-commit": hubCommit };
    if (bytes.length < largeBytes) return this.send(request, response, name, { ...commit, etag: this.tagOf(name) });
    const linked = { "x-linked-etag": this.tagOf(name), "x-linked-size": String(bytes.length) };
    response.writeHead(302, { ...commit, ...linked, location: `/stored/${name}` }).end();
  }

  private tagOf(name: string): string {
    const bytes = this.files.get(name)!;
    const blob = () => createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    const own = bytes.length < largeBytes ? blob() : createHash("sha256").update(bytes).digest("hex");
    return `"${this.faults.tags[name] ?? own}"`;
  }

  private async send(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    headers: { readonly [name: string]: string },
  ): Promise<void> {
    const all = this.files.get(name)!;
    const from = this.faults.ignoresRange ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const start = from === undefined ? 0 : Number(from);
    if (start >= all.length && from !== undefined)
      return void response.writeHead(416, { "content-range": `bytes */${all.length}` }).end();
    const body = all.subarray(start);
    const partial = { "content-range": `bytes ${start}-${all.length - 1}/${all.length}` };
    const length = { "content-length": String(body.length) };
    response.writeHead(from === undefined ? 200 : 206, {
      ...headers,
      ...length,
      ...(from === undefined ? {} : partial),
    });
    const [cut] = this.faults.cuts;
    const breaks = cut !== undefined && body.length > cut;
    if (breaks) this.faults.cuts.shift();
    const sent = breaks ? body.subarray(0, cut) : body;
    this.faults.onBody?.();
    for (let at = 0; at < sent.length; at += 8192) {
      response.write(sent.subarray(at, at + 8192));
      if (this.faults.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.faults.slowMs));
    }
    if (!breaks) return void response.end();
    // What was written is to arrive before the connection breaks.
    setTimeout(() => response.destroy(), 100);
  }
}
