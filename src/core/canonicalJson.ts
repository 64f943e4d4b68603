/**
 * Canonical JSON: the one text that stands for a value in keys and records.
 *
 * Object keys are sorted by code unit, `undefined` members are left out, numbers are written as ECMAScript does, and
 * what JSON cannot carry exactly (NaN, infinities, functions, bigint) is refused, since two values must never share a text.
 */
export type Json =
  null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json | undefined };

export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`canonicalJson: ${value} has no JSON form`);
      return JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? ofArray(value) : ofObject(value as { readonly [key: string]: Json | undefined });
    default:
      throw new TypeError(`canonicalJson: a ${typeof value} has no JSON form`);
  }
}

const ofArray = (values: ReadonlyArray<Json>): string => `[${values.map(canonicalJson).join(",")}]`;

// One string grown in a loop: keys of a thousand steps are written on every run, even where nothing is to do.
function ofObject(object: { readonly [key: string]: Json | undefined }): string {
  let text = "";
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
