import { assert, describe, it } from "vitest";
import { addRows, embeddingOccurrences, embeddingRows, weightValues } from "../../src/nn/embeddingRows.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";
import { packBatch } from "../../src/nn/PackedBatch.ts";
import { embeddingTables, initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import { tinyConfig } from "../kit/tinyEncoder.ts";

describe("parameters", () => {
  it("have the names, shapes and order of Hugging Face's BertModel with heads", () => {
    const specs = parameterSpecs({ ...tinyConfig, layers: 1 }, ["cross-encoder", "mlm"]);
    assert.deepStrictEqual(
      specs.map(({ name, shape }) => `${name} ${shape.join("x")}`),
      [
        "embeddings.word_embeddings.weight 50x16",
        "embeddings.position_embeddings.weight 40x16",
        "embeddings.token_type_embeddings.weight 2x16",
        "embeddings.LayerNorm.weight 16",
        "embeddings.LayerNorm.bias 16",
        "encoder.layer.0.attention.self.query.weight 16x16",
        "encoder.layer.0.attention.self.query.bias 16",
        "encoder.layer.0.attention.self.key.weight 16x16",
        "encoder.layer.0.attention.self.key.bias 16",
        "encoder.layer.0.attention.self.value.weight 16x16",
        "encoder.layer.0.attention.self.value.bias 16",
        "encoder.layer.0.attention.output.dense.weight 16x16",
        "encoder.layer.0.attention.output.dense.bias 16",
        "encoder.layer.0.attention.output.LayerNorm.weight 16",
        "encoder.layer.0.attention.output.LayerNorm.bias 16",
        "encoder.layer.0.intermediate.dense.weight 32x16",
        "encoder.layer.0.intermediate.dense.bias 32",
        "encoder.layer.0.output.dense.weight 16x32",
        "encoder.layer.0.output.dense.bias 16",
        "encoder.layer.0.output.LayerNorm.weight 16",
        "encoder.layer.0.output.LayerNorm.bias 16",
        "pooler.dense.weight 16x16",
        "pooler.dense.bias 16",
        "classifier.weight 1x16",
        "classifier.bias 1",
        "cls.predictions.transform.dense.weight 16x16",
        "cls.predictions.transform.dense.bias 16",
        "cls.predictions.transform.LayerNorm.weight 16",
        "cls.predictions.transform.LayerNorm.bias 16",
        "cls.predictions.bias 50",
      ],
    );
  });

  it("start with norms at 1, biases at 0 and matrices spread by 0.02, whatever else is initialised", () => {
    const all = initializeWeights(parameterSpecs(tinyConfig, ["cross-encoder"]), 3);
    assert.isTrue(all.get("encoder.layer.1.output.LayerNorm.weight")!.values.every((value) => value === 1));
    assert.isTrue(all.get("pooler.dense.bias")!.values.every((value) => value === 0));
    const { values } = all.get(embeddingTables.word)!;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    assert.approximately(deviation, 0.02, 0.002);
    const alone = initializeWeights(parameterSpecs(tinyConfig), 3);
    assert.deepStrictEqual(alone.get(embeddingTables.word)!.values, values);
    const other = initializeWeights(parameterSpecs(tinyConfig), 4);
    assert.notDeepEqual(other.get(embeddingTables.word)!.values, values);
  });
});

describe("embedding rows", () => {
  const config = { ...tinyConfig, hiddenSize: 2 };
  const batch = packBatch([{ ids: Int32Array.of(1, 0), types: Int32Array.of(0, 1) }, { ids: Int32Array.of(1, 1, 1) }]);
  const tables = weightValues(
    new Map([
      [embeddingTables.word, { shape: [2, 2], values: Float32Array.of(1, 2, 10, 20) }],
      [embeddingTables.position, { shape: [3, 2], values: Float32Array.of(100, 0, 200, 0, 300, 0) }],
      [embeddingTables.type, { shape: [2, 2], values: Float32Array.of(0, 1000, 0, 2000) }],
    ]),
  );

  it("are the sums of word, position and type, zero for fillers", () => {
    const rows = embeddingRows(tables, batch, config);
    const first = batch.firstToken[0]! * 2;
    assert.deepStrictEqual([...rows.subarray(first, first + 4)], [110, 1020, 201, 2002]);
    batch.ids.forEach((id, token) => {
      if (id < 0) assert.deepStrictEqual([...rows.subarray(2 * token, 2 * token + 2)], [0, 0]);
    });
  });

  it("count positions as RoBERTa does: from behind the padding's row, which a padding token in a text has", () => {
    const roberta = { ...config, paddingIndex: 1, typeVocabSize: 1 };
    const batch = packBatch([
      { ids: Int32Array.of(0, 1, 0, 0), types: Int32Array.of(0, 0, 1, 1) },
      { ids: Int32Array.of(0, 0) },
    ]);
    const occurrences = embeddingOccurrences(batch, roberta);
    const of = (table: string, example: number) => {
      const first = batch.firstToken[example]!;
      return [...occurrences.get(table)!.subarray(first, first + batch.lengths[example]!)];
    };
    assert.deepStrictEqual(of(embeddingTables.position, 0), [2, 1, 3, 4]);
    assert.deepStrictEqual(of(embeddingTables.position, 1), [2, 3]);
    assert.deepStrictEqual(of(embeddingTables.type, 0), [0, 0, 0, 0]);
    assert.isTrue(occurrences.get(embeddingTables.position)!.every((row, token) => row < 0 === batch.ids[token]! < 0));
  });

  it("of padding that fills a text up learn neither its word nor, where it has one row for all, its position", () => {
    const padded = packBatch([{ ids: Int32Array.of(0, 0, 1, 1), visible: 2 }]);
    const rowsOf = (table: string, more: Partial<ModelConfig>) => [
      ...embeddingOccurrences(padded, { ...config, ...more })
        .get(table)!
        .subarray(0, 4),
    ];
    assert.deepStrictEqual(rowsOf(embeddingTables.word, {}), [0, 0, -1, -1]);
    assert.deepStrictEqual(rowsOf(embeddingTables.position, {}), [0, 1, 2, 3]);
    assert.deepStrictEqual(rowsOf(embeddingTables.type, {}), [0, 0, 0, 0]);
    assert.deepStrictEqual(rowsOf(embeddingTables.position, { paddingIndex: 1 }), [2, 3, -1, -1]);
    const rows = embeddingRows(tables, padded, config);
    assert.deepStrictEqual([...rows.subarray(4, 6)], [310, 1020]);
  });

  it("where padding's word is named, are of that word and no other left out, wherever it stands", () => {
    const named = packBatch([{ ids: Int32Array.of(0, 1, 0), visible: 2 }], { paddingId: 1 });
    const first = named.firstToken[0]!;
    const of = (table: string, more: Partial<ModelConfig>) => [
      ...embeddingOccurrences(named, { ...config, ...more })
        .get(table)!
        .subarray(first, first + 3),
    ];
    assert.deepStrictEqual(of(embeddingTables.word, {}), [0, -1, 0]);
    assert.deepStrictEqual(of(embeddingTables.position, {}), [0, 1, 2]);
    assert.deepStrictEqual(of(embeddingTables.position, { paddingIndex: 1 }), [2, -1, 3]);
    assert.deepStrictEqual(of(embeddingTables.type, {}), [0, 0, 0]);
  });

  it("have no segment where there is no table of them", () => {
    const { type: _, ...others } = embeddingTables;
    const bare = new Map(Object.values(others).map((name) => [name, tables.get(name)!]));
    const rows = embeddingRows(bare, batch, { ...config, typeVocabSize: 0 });
    const first = batch.firstToken[0]! * 2;
    assert.deepStrictEqual([...rows.subarray(first, first + 4)], [110, 20, 201, 2]);
  });

  it("are written again into a buffer of their size", () => {
    const rows = embeddingRows(tables, batch, config).fill(9);
    assert.strictEqual(embeddingRows(tables, batch, config, "", rows), rows);
    assert.deepStrictEqual(rows, embeddingRows(tables, batch, config));
  });

  it("tell each table which of its rows were looked up", () => {
    assert.deepStrictEqual(
      [...embeddingOccurrences(batch, config)].map(([name, ids]) => [
        name,
        Array.from(ids.filter((id) => id >= 0).sort()),
      ]),
      [
        [embeddingTables.word, [0, 1, 1, 1, 1]],
        [embeddingTables.position, [0, 0, 1, 1, 2]],
        [embeddingTables.type, [0, 0, 0, 0, 1]],
      ],
    );
  });

  it("add their gradient to a dense one", () => {
    const dense = Float32Array.of(1, 1, 1, 1);
    addRows(dense, Int32Array.of(1, -1, 1), Float32Array.of(1, 2, 50, 50, 3, 4), 2);
    assert.deepStrictEqual(dense, Float32Array.of(1, 1, 5, 7));
  });
});
