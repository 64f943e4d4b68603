/**
 * Where a pipeline file names a model of the hub by a branch or a tag, or by nothing, the error offers the commit: asked of the hub,
 * or, without network, how to find it.
 */
import type { Diagnostic } from "../core/Diagnostic.ts";
import { hubSettings } from "../model/hub/hubSettings.ts";
import { hubMistake, isMistake, parseHubSource } from "../model/hub/hubSource.ts";

/** The diagnostics with hints for those that speak of a source of the hub. */
export const offerCommits = (
  diagnostics: ReadonlyArray<Diagnostic>,
  env: { readonly [name: string]: string | undefined },
): Promise<ReadonlyArray<Diagnostic>> =>
  Promise.all(
    diagnostics.map(async (diagnostic) => {
      const source = /hub:\S+/.exec(diagnostic.message)?.[0];
      if (source === undefined || !diagnostic.message.endsWith(hubMistake(source) ?? "?")) return diagnostic;
      const parsed = parseHubSource(source);
      if (!isMistake(parsed) || parsed.revision === undefined) return diagnostic;
      return { ...diagnostic, hint: await hintFor(parsed.revision, env) };
    }),
  );

async function hintFor(
  { model, revision }: { readonly model: string; readonly revision: string },
  env: { readonly [name: string]: string | undefined },
): Promise<string> {
  const settings = hubSettings(env);
  const { resolveRevision } = await import("../model/hub/resolveRevision.ts");
  const commit = settings.offline === undefined ? await resolveRevision(settings, model, revision) : undefined;
  if (commit !== undefined) return `${revision} is at this commit now: hub:${model}@${commit}`;
  const { endpoint } = settings;
  return `a commit is found at ${endpoint}/${model}/commits/${revision}, or by: git ls-remote ${endpoint}/${model} ${revision}`;
}
