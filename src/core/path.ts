/** Config fields that name files: declared with `path()` or `folder()`, hashed and watched like inputs. */
import * as Schema from "effect/Schema";

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** Set by `path()` and `folder()`: the field names files whose contents enter the key. */
      readonly tandemPath?: "file" | "folder" | undefined;
      /** Set by `path()`: the names of the files matter to the outputs, and so enter the key beside their contents. */
      readonly tandemNamed?: boolean | undefined;
      /** Set by `folder()`: the files of it that are read. */
      readonly tandemSelection?: FolderSelection | undefined;
      /** Set by `folder()`: a value that begins so names a folder elsewhere, which is brought here first. */
      readonly tandemRemote?: string | undefined;
    }
  }
}

/**
 * A file, or a glob of files. Relative to the pipeline file (in `--set`: to the working directory). Only contents enter the
 * key; with `named`, file names do too, for a stage whose outputs hold them.
 */
export const path = (description: string, options: { readonly named?: boolean } = {}) =>
  Schema.NonEmptyString.annotate({
    description,
    tandemPath: "file",
    ...(options.named === true ? { tandemNamed: true } : {}),
  });

/**
 * Which files of a folder a stage reads, by their names relative to it: always the same ones, or those that another field
 * of the same config lists (`namesIn`, each with `suffix`). Only these enter the key; those that are not there are left out,
 * and the stage says which it misses.
 */
export type FolderSelection =
  | {
      readonly files: ReadonlyArray<string>;
      /** And of each choice the first list whose first file is there: forms of one thing, the best first. */
      readonly firstOf?: ReadonlyArray<FolderChoice>;
    }
  | { readonly namesIn: string; readonly suffix: string };

/** Lists of names; all but the first of a list may hold `*`. */
export type FolderChoice = ReadonlyArray<ReadonlyArray<string>>;

/**
 * A folder, whose files (all of them, or those selected) enter the key by name and content.
 * @param remote what a value begins with that names such a folder elsewhere: `hub:`
 */
export const folder = (description: string, selection?: FolderSelection, remote?: string) =>
  Schema.NonEmptyString.annotate({
    description,
    tandemPath: "folder",
    ...(selection === undefined ? {} : { tandemSelection: selection }),
    ...(remote === undefined ? {} : { tandemRemote: remote }),
  });
