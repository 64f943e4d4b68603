/**
 * How a stage gains a config field without changing the keys of what was computed before it had that field.
 *
 * The new field's schema is annotated with the behaviour from before it existed:
 * `Schema.Boolean.annotate({ absentMeans: false })`. A config whose field equals that value has the key of a config without
 * the field, so old records stay good; any other value, a changed default included, is in the key.
 */
import type * as SchemaAST from "effect/SchemaAST";
import { canonicalJson, type Json } from "./canonicalJson.ts";
import type { AnyStage } from "./Stage.ts";

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** What a config without this field meant, in its encoded form. */
      readonly absentMeans?: unknown;
    }
  }
}

/** Dotted path of a field → what its absence means. */
export type AbsentMeanings = ReadonlyMap<string, Json>;

const known = new WeakMap<AnyStage, AbsentMeanings>();

/** The `absentMeans` annotations of a stage's config, found once per stage. */
export function absentMeaningsOf(stage: AnyStage): AbsentMeanings {
  const before = known.get(stage);
  if (before !== undefined) return before;
  const found = new Map<string, Json>();
  collect(stage.config.ast, [], found);
  known.set(stage, found);
  return found;
}

function collect(ast: SchemaAST.AST, at: ReadonlyArray<string>, found: Map<string, Json>): void {
  const meaning = annotation(ast, "absentMeans");
  if (meaning !== undefined && at.length > 0) found.set(at.join("."), meaning as Json);
  if (ast._tag !== "Objects") return;
  for (const member of ast.propertySignatures) collect(member.type, [...at, String(member.name)], found);
}

/** An annotation may sit on the type or, where a check was added later, on one of its checks. */
function annotation(ast: SchemaAST.AST, key: string): unknown {
  const own = ast.annotations?.[key];
  if (own !== undefined) return own;
  return ast.checks?.map((check) => check.annotations?.[key]).find((value) => value !== undefined);
}

type JsonObject = { readonly [field: string]: Json | undefined };

/** The config without the fields whose value says what their absence would. */
export function dropAbsent(config: JsonObject, meanings: AbsentMeanings): JsonObject {
  let kept = config;
  for (const [path, meaning] of meanings) kept = dropAt(kept, path.split("."), meaning);
  return kept;
}

function dropAt(config: JsonObject, path: ReadonlyArray<string>, meaning: Json): JsonObject {
  const [field, ...rest] = path;
  const value = config[field!];
  if (value === undefined) return config;
  if (rest.length > 0) {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return config;
    return { ...config, [field!]: dropAt(value as JsonObject, rest, meaning) };
  }
  if (canonicalJson(value) !== canonicalJson(meaning)) return config;
  const { [field!]: _, ...without } = config;
  return without;
}
