/**
 * `hub:owner/name@commit`: a model of the Hugging Face hub, at a commit. A branch or a tag may move, so that the same file would
 * mean another model tomorrow; a commit is the content itself.
 */

export interface HubSource {
  readonly owner: string;
  readonly name: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
}

/** What is written in the place of a commit, and what it is missing. */
export interface HubMistake {
  readonly message: string;
  /** Of a model that may well be there: its name and the revision asked for, `main` where there was none. */
  readonly revision?: { readonly model: string; readonly revision: string };
}

export const hubPrefix = "hub:";
const word = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What is wrong with a source that begins as one of the hub; undefined where nothing is, or it is a folder. */
export function hubMistake(source: string): string | undefined {
  if (!source.startsWith(hubPrefix)) return undefined;
  const parsed = parseHubSource(source);
  return isMistake(parsed) ? parsed.message : undefined;
}

export function parseHubSource(source: string): HubSource | HubMistake {
  const [model = "", ...after] = source.slice(hubPrefix.length).split("@");
  const [owner = "", name = "", ...more] = model.split("/");
  const isModel = word.test(owner) && word.test(name) && more.length === 0;
  if (!isModel || after.length > 1)
    return { message: `${source} is not hub:owner/name@commit, as in hub:sentence-transformers/all-MiniLM-L6-v2@…` };
  const [revision] = after;
  if (revision === undefined || revision === "")
    return {
      message: `${source} names no commit, and what a model holds may change`,
      revision: { model, revision: "main" },
    };
  if (/^[0-9a-f]{40}$/.test(revision)) return { owner, name, commit: revision };
  return {
    message: `${source} names ${JSON.stringify(revision)}, a branch or tag that may move, and not a commit of 40 hexadecimal digits`,
    revision: { model, revision },
  };
}

export const isMistake = (parsed: HubSource | HubMistake): parsed is HubMistake => "message" in parsed;
