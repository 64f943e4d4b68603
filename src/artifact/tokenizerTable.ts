/**
 * Tokenizers as tables: one row per entry of the vocabulary, in the order of ids, and the rest of `tokenizer.json` as one
 * fact in canonical JSON. So the order of keys in the file read does not matter to the digest.
 */
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { SpecialTokens } from "../nn/EncoderModel.ts";
import { DamagedArtifact, type Column, type Table } from "./table.ts";
import type { Tokenizer, TokenizerJson } from "./values.ts";

type JsonObject = { readonly [key: string]: Json };

export function encodeTokenizer({ json, special }: Tokenizer): Omit<Table, "type"> {
  const model = json["model"] as JsonObject;
  const vocabulary = model["vocab"] as JsonObject | ReadonlyArray<readonly [string, number]>;
  const entries = Array.isArray(vocabulary)
    ? (vocabulary as ReadonlyArray<readonly [string, number]>).map(([token, score], id) => ({ token, id, score }))
    : Object.entries(vocabulary as { readonly [token: string]: number })
        .map(([token, id]) => ({ token, id, score: 0 }))
        .sort((one, other) => one.id - other.id || (one.token < other.token ? -1 : 1));
  const columns: { [name: string]: Column } = {
    id: { kind: "int32", values: Int32Array.from(entries, (entry) => entry.id) },
    token: { kind: "text", values: entries.map((entry) => entry.token) },
  };
  if (Array.isArray(vocabulary))
    columns["score"] = { kind: "float64", values: Float64Array.from(entries, (entry) => entry.score) };
  const { vocab: _, ...modelRest } = model;
  return {
    rows: entries.length,
    columns,
    // Cast: an interface of plain JSON members has no index signature, which the type Json asks for.
    facts: { json: canonicalJson({ ...json, model: modelRest }), special: canonicalJson(special as unknown as Json) },
  };
}

export function decodeTokenizer(table: Table): Tokenizer {
  const { id, token, score } = table.columns;
  const { json, special } = table.facts;
  if (id?.kind !== "int32" || token?.kind !== "text" || json === undefined || special === undefined)
    throw new DamagedArtifact("Tokenizer: no vocabulary, or no description of it");
  // fromEntries defines own properties, so a token called `__proto__` stays a token.
  const vocab: Json =
    score?.kind === "float64"
      ? token.values.map((text, i): Json => [text, score.values[i]!])
      : Object.fromEntries(token.values.map((text, i) => [text, id.values[i]!]));
  const rest = JSON.parse(json) as TokenizerJson;
  const model = rest["model"] as JsonObject;
  return { json: { ...rest, model: { ...model, vocab } }, special: JSON.parse(special) as SpecialTokens };
}
