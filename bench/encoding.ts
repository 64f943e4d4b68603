/** How long do real sentences take to become embeddings, beside sentence-transformers at its better batch size? Making ids included. */
import { join } from "node:path";
import type { Bench, BenchRow } from "./Bench.ts";
import { type EncodeJob, realData, realModel, realSentences, withFolder, writeJson } from "./Job.ts";
import { compare, sentenceTransformers } from "./sides.ts";

const name = "encoding";
const sentences = 20_000;

export const encoding: Bench = {
  name,
  description: "real sentences to embeddings, float32 and int8, beside sentence-transformers in float32",
  run: async (options) => {
    const data = realData();
    if (data === undefined) {
      options.note("encoding: real data is not there (PIPELINE_BENCH_DATA names its folder): left out.");
      return [];
    }
    const count = options.rows ?? sentences;
    return withFolder(async (folder) => {
      const texts = writeJson(join(folder, "texts.json"), { texts: realSentences(data, count) });
      const job = (precision: EncodeJob["precision"]) =>
        ({ kind: "encode", model: realModel(data), data: texts, precision, threads: options.threads }) as const;
      const label = (precision: string) => `${count} sentences, ${precision}`;
      const float32 = await compare(
        { bench: name, case: label("float32"), job: job("float32"), peers: sentenceTransformers },
        options,
      );
      const int8 = await compare({ bench: name, case: label("int8"), job: job("int8"), peers: [] }, options);
      return [...float32, ...int8.map((row, i) => beside(row, float32[i]!))];
    });
  },
};

/** With the peer of another row. */
const beside = (row: BenchRow, { peer, peerName }: BenchRow): BenchRow => ({
  ...row,
  peer,
  peerName,
  ratio: peer === null ? null : peer / row.ours,
});
