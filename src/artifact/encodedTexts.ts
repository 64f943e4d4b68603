/**
 * Texts with their embeddings as one Arrow file: what `pipeline encode` writes and `pipeline nearest` searches. Not on any port;
 * it says which model made it, so that a look-up with another one is refused rather than nonsense.
 */
import type { Column } from "./table.ts";

export interface EncodedTexts {
  readonly texts: ReadonlyArray<string>;
  readonly dimension: number;
  /** `[texts, dimension]`, row-major. */
  readonly values: Float32Array;
  /** Identity of the model (`modelIdentity`). */
  readonly model: string;
}

const type = "EncodedTexts";

export async function writeEncodedTexts({ texts, dimension, values, model }: EncodedTexts): Promise<Uint8Array> {
  const { encodeTable } = await import("./table.ts");
  const text: Column = { kind: "text", values: texts };
  const embedding: Column = { kind: "vector", dimension, values };
  return encodeTable({ type, rows: texts.length, columns: { text, embedding }, facts: { model } });
}

/** @throws DamagedArtifact where the bytes are something else */
export async function readEncodedTexts(bytes: Uint8Array): Promise<EncodedTexts> {
  const { decodeTable, DamagedArtifact } = await import("./table.ts");
  const { columns, facts } = decodeTable(bytes, type);
  const { text, embedding } = columns;
  const model = facts["model"];
  if (text?.kind !== "text" || embedding?.kind !== "vector" || model === undefined)
    throw new DamagedArtifact("its columns are not text and embedding");
  return { texts: text.values, dimension: embedding.dimension, values: embedding.values, model };
}
