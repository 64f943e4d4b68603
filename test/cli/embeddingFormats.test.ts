/** Embeddings that come in parts are one file. */
import { describe, expect, it } from "vitest";
import { readEncodedTexts } from "../../src/artifact/encodedTexts.ts";
import { type EmbeddingFormat, formatEmbeddings } from "../../src/cli/embeddingFormats.ts";

const parts = [
  { texts: ["a", 'b "c"'], dimension: 2, values: Float32Array.of(0.1, -1, 2, 3) },
  { texts: [], dimension: 2, values: new Float32Array(0) },
  { texts: ["d"], dimension: 2, values: Float32Array.of(1e-9, 1 / 3) },
];

async function written(format: EmbeddingFormat, of: typeof parts): Promise<Buffer> {
  const pieces: Array<Uint8Array> = [];
  for await (const piece of formatEmbeddings(format, of, 2, () => Promise.resolve("some model")))
    pieces.push(typeof piece === "string" ? Buffer.from(piece) : piece);
  return Buffer.concat(pieces);
}

describe("formatEmbeddings", () => {
  it("writes JSON with one text a line", async () => {
    expect((await written("json", parts)).toString()).toBe(
      '[\n{"text":"a","embedding":[0.1,-1]},\n{"text":"b \\"c\\"","embedding":[2,3]},\n{"text":"d","embedding":[1e-9,0.33333334]}\n]\n',
    );
    expect((await written("json", [])).toString()).toBe("[]\n");
  });

  it("writes CSV with a header, whether there are texts or not", async () => {
    expect((await written("csv", parts)).toString()).toBe(
      'text,e0,e1\r\na,0.1,-1\r\n"b ""c""",2,3\r\nd,1e-9,0.33333334\r\n',
    );
    expect((await written("csv", [])).toString()).toBe("text,e0,e1\r\n");
  });

  it("writes Arrow and npy of all parts", async () => {
    const values = Float32Array.of(0.1, -1, 2, 3, 1e-9, 1 / 3);
    expect(await readEncodedTexts(await written("arrow", parts))).toMatchObject({
      texts: ["a", 'b "c"', "d"],
      dimension: 2,
      values,
      model: "some model",
    });
    const npy = await written("npy", parts);
    expect(npy.toString("latin1", 10, 128)).toContain("'shape': (3, 2)");
    expect(new Float32Array(new Uint8Array(npy.subarray(128)).buffer)).toEqual(values);
    expect((await written("npy", [])).toString("latin1", 10, 128)).toContain("'shape': (0, 2)");
  });
});
