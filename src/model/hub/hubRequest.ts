/**
 * Requests to the hub: redirects followed by hand, since the headers that tell a file's digest come with the redirect; what may
 * pass by itself (no answer, 429, 5xx) tried again with growing pauses; what will not, an error that says what to do.
 */
import { setTimeout as pause } from "node:timers/promises";
import { HubProblem } from "./HubProblem.ts";
import type { HubSettings } from "./hubSettings.ts";

export interface HubAnswer {
  readonly response: Response;
  /** By lower-case name; of several answers on the way the first that had it. */
  readonly header: (name: string) => string | undefined;
}

export interface HubRequests {
  readonly settings: HubSettings;
  /** Milliseconds before attempts 2, 3, …; as many attempts and one. */
  readonly pausesMs: ReadonlyArray<number>;
  readonly signal: AbortSignal;
}

/** Half a minute in all. */
export const usualPausesMs: ReadonlyArray<number> = [500, 1000, 2000, 4000, 8000, 15_000];

const mostRedirects = 8;
const longestPauseMs = 60_000;

/** A connection that broke, or an answer that may be another one in a moment. */
export class Passing extends Error {
  readonly afterMs: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly afterMs?: number | undefined }) {
    super(message, options);
    this.afterMs = options?.afterMs;
  }
}

/**
 * Runs `attempt` until it succeeds. Where it broke off after `progress` had grown, the count of attempts begins again.
 *
 * @throws HubProblem with the last reason when the pauses are used up
 */
export async function withRetries<A>(
  { pausesMs, signal, settings }: HubRequests,
  what: string,
  progress: () => number,
  attempt: () => Promise<A>,
): Promise<A> {
  let failures = 0;
  for (;;) {
    const before = progress();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing) || signal.aborted) throw error;
      if (progress() > before) failures = 0;
      const wait = pausesMs[failures++];
      if (wait === undefined) throw unreachable(what, settings, error);
      await pause(Math.max(wait, Math.min(error.afterMs ?? 0, longestPauseMs)), undefined, { signal });
    }
  }
}

const unreachable = (what: string, { endpoint }: HubSettings, cause: Passing): HubProblem =>
  new HubProblem(
    `${what} could not be downloaded from ${endpoint}: ${cause.message}`,
    "run the same command again when the network is back, it goes on where it stopped; or name a folder that holds the model in PIPELINE_HUB_MIRROR",
    { cause },
  );

/**
 * One GET, redirects followed. Answers of 200, 206, 404 and 416 come back; others throw.
 *
 * @param path under the endpoint, with its slash
 * @param what is asked for, for messages: `config.json of owner/name`
 */
export async function getFromHub(
  { settings, signal }: HubRequests,
  path: string,
  what: string,
  headers: { readonly [name: string]: string } = {},
): Promise<HubAnswer> {
  let url = new URL(settings.endpoint + path);
  const { origin } = url;
  const answers: Array<Response> = [];
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // The token is for the hub alone, not for the storage it sends us to.
    const authorization = settings.token !== undefined && url.origin === origin ? bearer(settings.token) : {};
    const response = await fetchOnce(url, { ...plain, ...headers, ...authorization }, signal);
    answers.push(response);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) {
      const header = (name: string) =>
        answers.map((answer) => answer.headers.get(name)).find((value) => value !== null) ?? undefined;
      if ([200, 206, 404, 416].includes(response.status)) return { response, header };
      await response.body?.cancel();
      throw refusal(response, what, settings);
    }
    await response.body?.cancel();
    url = new URL(location, url);
  }
  throw new HubProblem(`${what}: ${settings.endpoint} redirects in a circle`, "look at HF_ENDPOINT");
}

/** Bytes as they are: a compressed transfer could not be resumed. */
const plain = { "accept-encoding": "identity", "user-agent": "tandem" };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function fetchOnce(
  url: URL,
  headers: { readonly [name: string]: string },
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(url, { headers, redirect: "manual", signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Passing(reasonOf(cause), { cause });
  }
}

/** undici says "fetch failed" and keeps the reason in the cause. */
export function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (inner as { readonly code?: unknown }).code;
  const words = inner instanceof Error ? inner.message : String(inner);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `no such host, or no network (${String(code)})`;
  if (code === "ECONNREFUSED") return "connection refused (ECONNREFUSED)";
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET") return `the connection broke off (${code})`;
  return typeof code === "string" && !words.includes(code) ? `${words} (${code})` : words;
}

function refusal(response: Response, what: string, { endpoint, token }: HubSettings): Error {
  const { status, headers } = response;
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after"));
    const afterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
    return new Passing(status === 429 ? "it asks for a pause (429)" : `it answers ${status}`, { afterMs });
  }
  const code = headers.get("x-error-code");
  if (code === "GatedRepo")
    return new HubProblem(
      `${what} is gated: its owner wants its terms accepted first`,
      `accept them on the model's page at ${endpoint}, and give a token of that account in HF_TOKEN`,
    );
  if (status === 401)
    return new HubProblem(
      `${what} is not open to ${token === undefined ? "everyone" : "the token in HF_TOKEN"}, or is not there (401)`,
      token === undefined
        ? "look at the name; for a private or gated model give a token in HF_TOKEN"
        : "look at the name and at the token in HF_TOKEN",
    );
  if (status === 403)
    return new HubProblem(
      `${what} may not be read ${token === undefined ? "without a token" : "with the token in HF_TOKEN"} (403)`,
      "give a token in HF_TOKEN that may read the model",
    );
  return new HubProblem(`${what}: ${endpoint} answers ${status}`, "look at HF_ENDPOINT and at the name of the model");
}
