/** The cache's troubles in a sentence: what could not be done, and what to do about it. */
import * as Effect from "effect/Effect";
import { StoreError } from "../core/errors.ts";
import { codeOf } from "./Disk.ts";

type Operation = "open" | "read" | "write" | "publish" | "list";

const doing: { readonly [operation in Operation]: string } = {
  open: "open",
  read: "read",
  write: "write to",
  publish: "write to",
  list: "list",
};

interface Wording {
  readonly message: (operation: Operation, path: string) => string;
  readonly hint: string;
}

const full: Wording = {
  message: (_, path) => `The disk is full: ${path} could not be written; nothing half-written was kept.`,
  hint: "Free some space, or name a folder on another disk with --cache, then run the same command again.",
};
const denied: Wording = {
  message: (operation, path) => `No permission to ${doing[operation]} ${path}.`,
  hint: "Change the permissions of the cache folder, or name another one with --cache.",
};
const tooManyFiles: Wording = {
  message: (operation, path) => `Too many open files to ${doing[operation]} ${path}.`,
  hint: "Raise the limit (`ulimit -n`) or run with a smaller --jobs, then run the same command again.",
};

const wordings: { readonly [code: string]: Wording } = {
  ENOSPC: full,
  EDQUOT: { ...full, message: (_, path) => `The disk quota is used up: ${path} could not be written.` },
  EACCES: denied,
  EPERM: denied,
  EROFS: {
    message: (operation, path) => `The disk is read-only: cannot ${doing[operation]} ${path}.`,
    hint: "Name a folder that can be written with --cache.",
  },
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  ENOTDIR: {
    message: (_, path) => `${path} lies under a file where the cache needs a folder.`,
    hint: "Name another folder with --cache, or move that file away.",
  },
  EIO: {
    message: (operation, path) => `The disk failed while trying to ${doing[operation]} ${path} (EIO).`,
    hint: "Check the disk; what is already in the cache is verified whenever it is read.",
  },
};

/** A system error of the cache's disk as a `StoreError`. */
export function storeError(operation: Operation, path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const named = (error as { readonly path?: unknown } | null)?.path;
  const place = typeof named === "string" ? named : path;
  const wording = code === undefined ? undefined : wordings[code];
  if (wording !== undefined) {
    return new StoreError({
      operation,
      path: place,
      code: code!,
      message: wording.message(operation, place),
      hint: wording.hint,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  const message = `The cache could not ${doing[operation]} ${place}: ${reason}.`;
  return new StoreError({ operation, path: place, code: code ?? "unknown", message });
}

/** Disk work as an effect whose failures are sentences. */
export const attempt = <A>(operation: Operation, path: string, work: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: work, catch: (error) => storeError(operation, path, error) });

export const damagedBlob = (path: string, digest: string): StoreError =>
  new StoreError({
    operation: "read",
    path,
    code: "corrupt",
    digest,
    message: `The cache holds a damaged object: the content of ${path} does not fit its name. It was moved aside.`,
    hint: "`pipeline run` makes it again: the step that made it runs once more.",
  });

export const missingBlob = (path: string, digest: string): StoreError =>
  new StoreError({
    operation: "read",
    path,
    code: "missing",
    digest,
    message: `The cache has lost an object: ${path} is not there.`,
    hint: "`pipeline run` makes it again: the step that made it runs once more.",
  });
