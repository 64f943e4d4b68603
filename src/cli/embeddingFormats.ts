/** Embeddings as JSON, CSV and NumPy's npy. */

export interface EmbeddedTexts {
  readonly texts: ReadonlyArray<string>;
  readonly dimension: number;
  /** `[texts, dimension]`, row-major. */
  readonly values: Float32Array;
}

/** The fewest digits that give the same float32 back. */
const shortest = (value: number): number => {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return text;
  }
  return Number(value.toPrecision(9));
};

const rowOf = ({ dimension, values }: EmbeddedTexts, row: number): Array<number> =>
  Array.from(values.subarray(row * dimension, (row + 1) * dimension), shortest);

/** `[{text, embedding}]`, one element a line. */
export function embeddingsAsJson(embedded: EmbeddedTexts): string {
  const lines = embedded.texts.map((text, row) => JSON.stringify({ text, embedding: rowOf(embedded, row) }));
  return lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`;
}

/** RFC 4180, with a header `text,e0,e1,…`. */
export function embeddingsAsCsv(embedded: EmbeddedTexts): string {
  const header = ["text", ...Array.from({ length: embedded.dimension }, (_, i) => `e${i}`)];
  const lines = embedded.texts.map((text, row) => [csvText(text), ...rowOf(embedded, row)].join(","));
  return [header.join(","), ...lines, ""].join("\r\n");
}

const csvText = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * The embeddings alone, float32 [texts, dimension], for `numpy.load`.
 * Source: numpy.lib.format, version 1.0: the header is padded so that the numbers begin at a multiple of 64.
 */
export function embeddingsAsNpy({ texts, dimension, values }: EmbeddedTexts): Uint8Array {
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
