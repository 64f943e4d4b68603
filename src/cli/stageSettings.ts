/** What can be set on a stage: each setting's meaning, what it takes and its default, read off the config schema itself. */
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as SchemaParser from "effect/SchemaParser";
import type { Json } from "../core/canonicalJson.ts";
import type { AnyStage } from "../core/Stage.ts";
import { annotationThrough, expectedWords } from "../spec/expected.ts";

export interface Setting {
  readonly name: string;
  /** `an integer of at least 1`. */
  readonly takes: string;
  readonly need: "required" | "optional" | "default";
  /** As written in YAML; only where `need` is `default`. */
  readonly default: Json | undefined;
  readonly description: string;
}

type Field = Schema.Codec<unknown, unknown, never, never>;

/** The settings of a stage; those inside a mapping by their full name, `fresh.layers`. */
export const settingsOf = (stage: AnyStage): ReadonlyArray<Setting> => settingsIn(stage.config.ast, "");

/** From the schema's tree, which a filter or a default around it does not hide. */
function settingsIn(ast: AnyStage["config"]["ast"], prefix: string): ReadonlyArray<Setting> {
  if (ast._tag !== "Objects") return [];
  return ast.propertySignatures.flatMap(({ name, type }) => {
    const setting = settingOf(String(name), Schema.make<Field>(type));
    const inner = settingsIn(type, `${prefix}${setting.name}.`);
    const takes = inner.length === 0 ? setting.takes : "a mapping";
    return [{ ...setting, name: `${prefix}${setting.name}`, takes }, ...inner];
  });
}

const settingOf = (name: string, field: Field): Setting => ({
  name,
  takes: expectedWords(field.ast),
  description: String(annotationThrough(field.ast, "description") ?? ""),
  ...needOf(name, field),
});

/** Decoding a mapping without the field tells whether it is required, and encoding the result what it defaults to. */
function needOf(name: string, field: Field): Pick<Setting, "need" | "default"> {
  const alone = Schema.Struct({ [name]: field });
  const decoded = SchemaParser.decodeUnknownResult(alone)({});
  if (Result.isFailure(decoded)) return { need: "required", default: undefined };
  const encoded = Result.getOrThrow(SchemaParser.encodeUnknownResult(alone)(decoded.success)) as {
    [name: string]: Json;
  };
  return encoded[name] === undefined
    ? { need: "optional", default: undefined }
    : { need: "default", default: encoded[name] };
}

/** The config's JSON Schema with every default in it. */
export function configJsonSchema(stage: AnyStage): { readonly [key: string]: unknown } {
  const { schema, definitions } = Schema.toJsonSchemaDocument(stage.config, { onExcessProperty: "error" });
  const defaults = new Map(settingsOf(stage).map((setting) => [setting.name, setting.default]));
  const properties = Object.entries((schema["properties"] ?? {}) as { [name: string]: object }).map(
    ([name, property]) => {
      const value = defaults.get(name);
      return [name, value === undefined ? property : { ...property, default: value }];
    },
  );
  const rest = Object.keys(definitions).length === 0 ? {} : { $defs: definitions };
  return { ...schema, properties: Object.fromEntries(properties), ...rest };
}
