/**
 * The JSON Schema (draft 2020-12) of pipeline files, made of the same schemas that check them: completion and hover text in an
 * editor. Each stage brings its settings and ports by `if`/`then` on `uses`.
 */
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as SchemaParser from "effect/SchemaParser";
import type { Json } from "../core/canonicalJson.ts";
import type { AnyStage } from "../core/Stage.ts";
import { stageFilePattern } from "../core/StageFile.ts";
import { annotationThrough, writtenForm } from "./expected.ts";
import { FileSchema, linkForms, LoopSchema, namePattern, StepSchema, StopSchema, TermsSchema } from "./PipelineFile.ts";
import { inputPorts, portTypes } from "./ports.ts";

type JsonObject = { readonly [key: string]: Json | undefined };

const link: JsonObject = { $ref: "#/$defs/link" };
const linkOrList: JsonObject = { anyOf: [link, { type: "array", items: link }] };
const expression: JsonObject = { type: "string", pattern: "\\$\\{[^}]*\\}" };

/** What its settings and ports are, only the file itself tells. */
const stageFile: JsonObject = {
  type: "string",
  pattern: stageFilePattern.source,
  description: "A stage of your own: the path of a file whose default export `defineStage` made, from this file.",
};

const matrix: JsonObject = {
  type: "object",
  minProperties: 1,
  propertyNames: { pattern: namePattern.source },
  additionalProperties: {
    anyOf: [{ type: "array", minItems: 1, items: { type: ["number", "string", "boolean"] } }, expression],
  },
};
const natural: JsonObject = { anyOf: [{ type: "integer", minimum: 0 }, expression] };

/** The schema for files that use the given stages. */
export function pipelineJsonSchema(stages: ReadonlyArray<AnyStage>): JsonObject {
  const members = {
    type: "object",
    propertyNames: { pattern: namePattern.source },
    additionalProperties: { $ref: "#/$defs/member" },
  };
  const { required: _, ...file } = properties(FileSchema, { seed: natural, steps: {}, outputs: links() });
  const loop = properties(LoopSchema, {
    repeat: natural,
    seed: natural,
    matrix,
    steps: members,
    carry: links(),
    next: links(),
    stop: properties(StopSchema, { patience: natural }),
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Pipeline",
    description:
      "A declarative pipeline: steps that use stages, linked by typed ports, in loops where a value goes round.",
    ...file,
    // What a variant leaves out stands in the file that it extends.
    if: { required: ["extends"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { steps: { type: "object" } } },
    else: { required: ["steps"], properties: { steps: members } },
    $defs: {
      member: {
        if: { anyOf: [{ required: ["repeat"] }, { required: ["steps"] }] },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { $ref: "#/$defs/loop" },
        else: { $ref: "#/$defs/step" },
      },
      step: stepSchema(stages),
      loop,
      link: linkDefinition(),
    },
  };
}

function stepSchema(stages: ReadonlyArray<AnyStage>): JsonObject {
  const uses = { oneOf: [...stages.map(({ name, description }) => ({ const: name, description })), stageFile] };
  const { properties: written, ...step } = properties(StepSchema, {
    uses,
    seed: natural,
    matrix,
    in: { type: "object", additionalProperties: linkOrList },
  });
  const terms = plain(TermsSchema)["properties"] as { readonly [term: string]: JsonObject };
  const given = Object.entries(terms).map(([term, form]) => [term, withExpressions(form)]);
  return {
    ...step,
    properties: { ...(written as JsonObject), ...(Object.fromEntries(given) as JsonObject) },
    allOf: stages.map(stageRule),
  };
}

/** Every value in it may be an expression instead; descriptions stay outside. */
function withExpressions({ description, ...form }: JsonObject): JsonObject {
  const members = form["properties"] as { readonly [key: string]: JsonObject } | undefined;
  const options = form["anyOf"] as ReadonlyArray<JsonObject> | undefined;
  const inner = members && Object.entries(members).map(([key, member]) => [key, withExpressions(member)]);
  const open = {
    ...form,
    ...(inner === undefined ? {} : { properties: Object.fromEntries(inner) as JsonObject }),
  };
  // A union takes an expression by that of its plain member.
  const whole = options === undefined ? [open, expression] : options.flatMap((option) => optionForms(option));
  const unique = [...new Map(whole.map((each) => [JSON.stringify(each), each])).values()];
  return { anyOf: unique, ...(description === undefined ? {} : { description }) };
}

const optionForms = (option: JsonObject): ReadonlyArray<JsonObject> =>
  withExpressions(option)["anyOf"] as ReadonlyArray<JsonObject>;

/** What `with` and `in` may hold where `uses` is this stage. */
function stageRule(stage: AnyStage): JsonObject {
  const ports = Object.entries(inputPorts(stage));
  const required = ports.filter(([, port]) => !port.optional).map(([name]) => name);
  const settings = settingsSchema(stage);
  const needsSettings = Array.isArray(settings["required"]) && settings["required"].length > 0;
  return {
    if: { properties: { uses: { const: stage.name } }, required: ["uses"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: {
      properties: {
        with: settings,
        in: {
          type: "object",
          properties: Object.fromEntries(
            ports.map(([name, port]) => [
              name,
              { ...(port.list ? linkOrList : link), description: `${portTypes(port)}: ${port.description}` },
            ]),
          ),
          required,
          additionalProperties: false,
        },
      },
      required: [...(required.length > 0 ? ["in"] : []), ...(needsSettings ? ["with"] : [])],
    },
  };
}

/** The JSON Schema of a stage's settings, with descriptions and defaults; every value may be an expression instead. */
function settingsSchema(stage: AnyStage): JsonObject {
  const schema = configJsonSchema(stage);
  const fields = (schema["properties"] ?? {}) as { readonly [field: string]: JsonObject };
  const withExpressions = Object.entries(fields).map(([field, { description, default: byDefault, ...form }]) => [
    field,
    { anyOf: [form, expression], description, default: byDefault },
  ]);
  return { ...schema, properties: Object.fromEntries(withExpressions) as JsonObject };
}

/** The JSON Schema of a stage's settings as they are written, with descriptions and defaults. */
export function configJsonSchema(stage: AnyStage): JsonObject {
  const schema = plain(stage.config);
  const fields = (schema["properties"] ?? {}) as { readonly [field: string]: JsonObject };
  const ast = writtenForm(stage.config.ast);
  if (ast._tag !== "Objects") return schema;
  const described = ast.propertySignatures.map(({ name, type }) => {
    const field = String(name);
    const description = annotationThrough(type, "description");
    return [
      field,
      {
        ...fields[field],
        ...(typeof description === "string" ? { description } : {}),
        default: defaultOf(Schema.Struct({ [field]: Schema.make<Schema.Codec<unknown>>(type) }), field),
      },
    ];
  });
  return { ...schema, properties: Object.fromEntries(described) as JsonObject };
}

/** What a field is when left out; undefined where it must be given, or stays away. */
function defaultOf(schema: Schema.Codec<unknown>, field: string): Json | undefined {
  const decoded = SchemaParser.decodeUnknownResult(schema)({});
  if (Result.isFailure(decoded)) return undefined;
  const encoded = SchemaParser.encodeUnknownResult(schema)(decoded.success);
  return Result.isSuccess(encoded) ? (encoded.success as JsonObject)[field] : undefined;
}

/** A struct's schema, with some of its properties given by hand; their descriptions stay. */
function properties(schema: Schema.Codec<unknown, unknown>, given: { readonly [key: string]: JsonObject }): JsonObject {
  const document = plain(schema);
  const fields = document["properties"] as { readonly [key: string]: JsonObject };
  const all = Object.entries(fields).map(([key, field]) => {
    const replaced = given[key];
    return [key, replaced === undefined ? field : { ...replaced, description: field["description"] }];
  });
  return { ...document, properties: Object.fromEntries(all) as JsonObject };
}

function plain(schema: Schema.Codec<unknown, unknown>): JsonObject {
  const document = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" });
  return withoutInfinities(document.schema as JsonObject) as JsonObject;
}

/** YAML has no use for the texts "NaN" and "Infinity" that stand for numbers in JSON. */
function withoutInfinities(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutInfinities);
  if (typeof value !== "object" || value === null) return value;
  const object = value as JsonObject;
  const options = object["anyOf"] as ReadonlyArray<JsonObject> | undefined;
  const isNumber =
    options?.length === 2 &&
    options.some((option) => (option["enum"] as ReadonlyArray<Json> | undefined)?.includes("NaN"));
  const { anyOf: _, ...rest } = object;
  const simple = isNumber === true ? { ...rest, ...options!.find((option) => option["type"] === "number") } : object;
  return Object.fromEntries(Object.entries(simple).map(([key, member]) => [key, withoutInfinities(member ?? null)]));
}

const links = (): JsonObject => ({ type: "object", additionalProperties: link });

const linkDefinition = (): JsonObject => ({
  type: "string",
  minLength: 1,
  description: linkForms,
});
