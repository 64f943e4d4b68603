/** The commit that a branch or tag of a model is at now. */
import { getFromHub } from "./hubRequest.ts";
import type { HubSettings } from "./hubSettings.ts";

/** It only makes a message better: nobody should wait for it. */
const mostMs = 4000;

/** Undefined where the hub cannot be asked, or does not know. */
export async function resolveRevision(
  settings: HubSettings,
  model: string,
  revision: string,
): Promise<string | undefined> {
  const requests = { settings, pausesMs: [], signal: AbortSignal.timeout(mostMs) };
  try {
    const path = `/api/models/${model}/revision/${encodeURIComponent(revision)}`;
    const { response } = await getFromHub(requests, path, `${revision} of ${model}`);
    const { sha } = (await response.json()) as { readonly sha?: unknown };
    return typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha) ? sha : undefined;
  } catch {
    return undefined;
  }
}
