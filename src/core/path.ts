/** Config fields that name files: declared with `path()` or `folder()`, hashed and watched like inputs. */
import * as Schema from "effect/Schema";

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** Set by `path()` and `folder()`: the field names files whose contents enter the key. */
      readonly tandemPath?: "file" | "folder" | undefined;
    }
  }
}

/** A file, or a glob of files. Relative to the pipeline file (in `--set`: to the working directory). */
export const path = (description: string) => Schema.NonEmptyString.annotate({ description, tandemPath: "file" });

/** A folder, whose files enter the key by name and content. */
export const folder = (description: string) => Schema.NonEmptyString.annotate({ description, tandemPath: "folder" });
