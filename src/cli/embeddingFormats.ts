/**
 * Embeddings as files, from parts as they come: JSON and CSV go out row by row, so that any number of texts takes little memory;
 * Arrow and NumPy's npy begin with how many rows there are, so for these the numbers of all parts are held.
 */
import { writeEncodedTexts } from "../artifact/encodedTexts.ts";

export interface EmbeddedTexts {
  readonly texts: ReadonlyArray<string>;
  readonly dimension: number;
  /** `[texts, dimension]`, row-major. */
  readonly values: Float32Array;
}

export type Parts = AsyncIterable<EmbeddedTexts> | Iterable<EmbeddedTexts>;

export const embeddingFormats = ["json", "csv", "arrow", "npy"] as const;
export type EmbeddingFormat = (typeof embeddingFormats)[number];

/** @param identity of the model (`modelIdentity`), which Arrow files name */
export function formatEmbeddings(
  format: EmbeddingFormat,
  parts: Parts,
  dimension: number,
  identity: () => Promise<string>,
): AsyncIterable<string | Uint8Array> {
  switch (format) {
    case "json":
      return embeddingsAsJson(parts);
    case "csv":
      return embeddingsAsCsv(parts, dimension);
    case "npy":
      return wholeFile(parts, dimension, embeddingsAsNpy);
    case "arrow":
      return wholeFile(parts, dimension, async (all) => writeEncodedTexts({ ...all, model: await identity() }));
  }
}

/** The fewest digits that give the same float32 back. */
const shortest = (value: number): number => {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return text;
  }
  return Number(value.toPrecision(9));
};

/** Rows of a part as text, so many of them at a time that a write is worth its call. */
function* rowsAsText(
  { texts, dimension, values }: EmbeddedTexts,
  line: (text: string, embedding: ReadonlyArray<number>) => string,
): Generator<ReadonlyArray<string>> {
  const together = 128;
  for (let from = 0; from < texts.length; from += together)
    yield texts.slice(from, from + together).map((text, i) => {
      const row = from + i;
      return line(text, Array.from(values.subarray(row * dimension, (row + 1) * dimension), shortest));
    });
}

/** `[{text, embedding}]`, one element a line. */
async function* embeddingsAsJson(parts: Parts): AsyncGenerator<string> {
  let before = "[\n";
  for await (const part of parts)
    for (const lines of rowsAsText(part, (text, embedding) => JSON.stringify({ text, embedding }))) {
      yield before + lines.join(",\n");
      before = ",\n";
    }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** RFC 4180, with a header `text,e0,e1,…`. */
async function* embeddingsAsCsv(parts: Parts, dimension: number): AsyncGenerator<string> {
  yield csvLine(["text", ...Array.from({ length: dimension }, (_, i) => `e${i}`)]);
  for await (const part of parts)
    for (const lines of rowsAsText(part, (text, embedding) => csvLine([text, ...embedding]))) yield lines.join("");
}

/** One record of RFC 4180 with its end. */
export const csvLine = (cells: ReadonlyArray<string | number>): string =>
  `${cells.map((cell) => (typeof cell === "string" ? csvText(cell) : cell)).join(",")}\r\n`;

const csvText = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** All parts as one. */
export async function joinParts(parts: Parts, dimension: number): Promise<EmbeddedTexts> {
  const all: Array<EmbeddedTexts> = [];
  for await (const part of parts) all.push(part);
  if (all.length === 1) return all[0]!;
  const values = new Float32Array(all.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of all) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return { texts: all.flatMap(({ texts }) => texts), dimension, values };
}

async function* wholeFile(
  parts: Parts,
  dimension: number,
  write: (all: EmbeddedTexts) => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield await write(await joinParts(parts, dimension));
}

/**
 * The embeddings alone, float32 [texts, dimension], for `numpy.load`.
 * Source: numpy.lib.format, version 1.0: the header is padded so that the numbers begin at a multiple of 64.
 */
function embeddingsAsNpy({ texts, dimension, values }: EmbeddedTexts): Uint8Array {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${texts.length}, ${dimension}), }`;
  const fixed = 10;
  const length = Math.ceil((fixed + description.length + 1) / 64) * 64;
  const file = Buffer.alloc(length + values.byteLength, " ");
  file.write("\x93NUMPY\x01\x00", 0, "latin1");
  file.writeUInt16LE(length - fixed, 8);
  file.write(description, fixed, "latin1");
  file.write("\n", length - 1);
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), length);
  return file;
}
