/**
 * How each value becomes a table and a table a value. A codec also holds the type's checks: what it refuses to write
 * (scores that are no numbers, columns of unequal length) cannot reach another step.
 */
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { Ragged } from "../nn/Ragged.ts";
import type { Backbone, BiEncoder, CrossEncoder, SpecialTokens } from "../nn/EncoderModel.ts";
import { DamagedArtifact, decodeTable, encodeTable, type Column, type ListValues, type Table } from "./table.ts";
import { decodeModel, encodeModel } from "./modelTable.ts";
import { decodeTokenizer, encodeTokenizer } from "./tokenizerTable.ts";
import type {
  Comparison,
  Decision,
  Embeddings,
  Figure,
  Gold,
  Groups,
  Metrics,
  Pairs,
  Scores,
  Sentences,
  Tokenizer,
  TokenPairs,
  Tokens,
  TrainingCurve,
} from "./values.ts";

export interface Codec<A> {
  readonly encode: (value: A) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => A;
}

export interface Codecs {
  readonly Sentences: Codec<Sentences>;
  readonly Pairs: Codec<Pairs>;
  readonly Groups: Codec<Groups>;
  readonly Gold: Codec<Gold>;
  readonly Tokens: Codec<Tokens>;
  readonly TokenPairs: Codec<TokenPairs>;
  readonly Scores: Codec<Scores>;
  readonly Tokenizer: Codec<Tokenizer>;
  readonly Backbone: Codec<Backbone>;
  readonly BiEncoder: Codec<BiEncoder>;
  readonly CrossEncoder: Codec<CrossEncoder>;
  readonly Embeddings: Codec<Embeddings>;
  readonly Metrics: Codec<Metrics>;
  readonly TrainingCurve: Codec<TrainingCurve>;
  readonly Comparison: Codec<Comparison>;
  readonly Figure: Codec<Figure>;
  readonly Decision: Codec<Decision>;
}

const sentences: Codec<Sentences> = codec(
  "Sentences",
  ({ texts }) => ({ rows: texts.length, columns: { text: { kind: "text", values: texts } }, facts: {} }),
  (table) => ({ texts: values(table, "text", "text") }),
);

const pairs: Codec<Pairs> = codec(
  "Pairs",
  ({ a, b }) => ({
    rows: equalLength("Pairs", { a: a.length, b: b.length }),
    columns: { a: { kind: "text", values: a }, b: { kind: "text", values: b } },
    facts: {},
  }),
  (table) => ({ a: values(table, "a", "text"), b: values(table, "b", "text") }),
);

const groups: Codec<Groups> = codec(
  "Groups",
  ({ texts, groups }) => ({
    rows: equalLength("Groups", { texts: texts.length, groups: groups.length }),
    columns: { group: { kind: "int32", values: groups }, text: { kind: "text", values: texts } },
    facts: {},
  }),
  (table) => ({ texts: values(table, "text", "text"), groups: values(table, "group", "int32") }),
);

const gold: Codec<Gold> = codec(
  "Gold",
  ({ pairs, scores, sets, subsets, classes }) => {
    if (scores.length > 0) equalLength("Gold", { scores: scores.length, sets: sets.length });
    if (subsets !== undefined) equalLength("Gold", { subsets: subsets.length, sets: sets.length });
    return {
      rows: sets.length,
      columns: {
        set: { kind: "text", values: sets },
        ...(subsets === undefined ? {} : { subset: { kind: "text", values: subsets } }),
        ...(scores.length === 0 ? {} : { score: { kind: "float64", values: finite("Gold", scores) } }),
      },
      facts: { pairs, ...(classes === undefined ? {} : { classes: canonicalJson([...classes]) }) },
    };
  },
  (table) => ({
    pairs: fact(table, "pairs"),
    scores: table.columns["score"] === undefined ? new Float64Array(0) : values(table, "score", "float64"),
    sets: values(table, "set", "text"),
    ...(table.columns["subset"] === undefined ? {} : { subsets: values(table, "subset", "text") }),
    ...(table.facts["classes"] === undefined
      ? {}
      : { classes: JSON.parse(table.facts["classes"]) as ReadonlyArray<string> }),
  }),
);

const tokens: Codec<Tokens> = codec(
  "Tokens",
  ({ tokenizer, special, ids }) => ({
    rows: ids.offsets.length - 1,
    columns: { ids: ragged(ids) },
    facts: { tokenizer, special: specialText(special) },
  }),
  (table) => ({
    tokenizer: fact(table, "tokenizer"),
    special: readSpecial(table),
    ids: values(table, "ids", "int32List"),
  }),
);

const tokenPairs: Codec<TokenPairs> = codec(
  "TokenPairs",
  ({ tokenizer, pairs, special, a, b }) => ({
    rows: equalLength("TokenPairs", { a: a.offsets.length - 1, b: b.offsets.length - 1 }),
    columns: { a: ragged(a), b: ragged(b) },
    facts: { tokenizer, pairs, special: specialText(special) },
  }),
  (table) => ({
    tokenizer: fact(table, "tokenizer"),
    pairs: fact(table, "pairs"),
    special: readSpecial(table),
    a: values(table, "a", "int32List"),
    b: values(table, "b", "int32List"),
  }),
);

const scores: Codec<Scores> = codec(
  "Scores",
  ({ pairs, range, values }) => ({
    rows: values.length,
    columns: { score: { kind: "float32", values: finite("Scores", values) } },
    facts: { pairs, range },
  }),
  (table) => ({
    pairs: fact(table, "pairs"),
    range: fact(table, "range") as Scores["range"],
    values: values(table, "score", "float32"),
  }),
);

const embeddings: Codec<Embeddings> = codec(
  "Embeddings",
  ({ dimension, values }) => ({
    rows: values.length / dimension,
    columns: { embedding: { kind: "vector", dimension, values: finite("Embeddings", values) } },
    facts: {},
  }),
  (table) => ({
    dimension: column(table, "embedding", "vector").dimension,
    values: values(table, "embedding", "vector"),
  }),
);

const metrics: Codec<Metrics> = codec(
  "Metrics",
  ({ rows }) => ({
    rows: rows.length,
    columns: {
      name: { kind: "text", values: rows.map((row) => row.name) },
      value: {
        kind: "float64",
        values: finite(
          "Metrics",
          Float64Array.from(rows, (row) => row.value),
        ),
      },
    },
    facts: {},
  }),
  (table) => {
    const numbers = values(table, "value", "float64");
    return { rows: values(table, "name", "text").map((name, i) => ({ name, value: numbers[i]! })) };
  },
);

const trainingCurve: Codec<TrainingCurve> = codec(
  "TrainingCurve",
  ({ step, series }) => {
    const names = Object.keys(series).sort();
    const lengths = Object.fromEntries(names.map((name) => [name, series[name]!.length]));
    return {
      rows: equalLength("TrainingCurve", { step: step.length, ...lengths }),
      columns: {
        step: { kind: "int32", values: step },
        ...Object.fromEntries(
          names.map((name): [string, Column] => [name, { kind: "float32", values: series[name]! }]),
        ),
      },
      facts: {},
    };
  },
  (table) => {
    const names = Object.keys(table.columns).filter((name) => name !== "step");
    return {
      step: values(table, "step", "int32"),
      series: Object.fromEntries(names.map((name) => [name, values(table, name, "float32")])),
    };
  },
);

const comparison: Codec<Comparison> = codec(
  "Comparison",
  ({ methods, columns }) => {
    const lengths = Object.fromEntries(columns.map(({ name, values }) => [name, values.length]));
    return {
      rows: equalLength("Comparison", { method: methods.length, ...lengths }),
      columns: {
        method: { kind: "text", values: methods },
        ...Object.fromEntries(columns.map(({ name, values }): [string, Column] => [name, { kind: "float64", values }])),
      },
      facts: {},
    };
  },
  (table) => ({
    methods: values(table, "method", "text"),
    columns: Object.keys(table.columns)
      .filter((name) => name !== "method")
      .map((name) => ({ name, values: values(table, name, "float64") })),
  }),
);

const figure: Codec<Figure> = codec(
  "Figure",
  ({ svg }) => ({ rows: 1, columns: { svg: { kind: "text", values: [svg] } }, facts: {} }),
  (table) => ({ svg: values(table, "svg", "text")[0]! }),
);

const decision: Codec<Decision> = codec(
  "Decision",
  ({ cycle, value, best, bestCycle, stops }) => ({
    rows: 1,
    columns: {
      cycle: { kind: "int32", values: Int32Array.of(cycle) },
      value: { kind: "float64", values: finite("Decision", Float64Array.of(value)) },
      best: { kind: "float64", values: finite("Decision", Float64Array.of(best)) },
      bestCycle: { kind: "int32", values: Int32Array.of(bestCycle) },
      decision: { kind: "text", values: [stops ? "stop" : "on"] },
    },
    facts: {},
  }),
  (table) => ({
    cycle: values(table, "cycle", "int32")[0]!,
    value: values(table, "value", "float64")[0]!,
    best: values(table, "best", "float64")[0]!,
    bestCycle: values(table, "bestCycle", "int32")[0]!,
    stops: values(table, "decision", "text")[0] === "stop",
  }),
);

export const codecs: Codecs = {
  Sentences: sentences,
  Pairs: pairs,
  Groups: groups,
  Gold: gold,
  Tokens: tokens,
  TokenPairs: tokenPairs,
  Scores: scores,
  Tokenizer: codec("Tokenizer", encodeTokenizer, decodeTokenizer),
  Backbone: codec("Backbone", encodeModel, (table) => decodeModel(table, "backbone")),
  BiEncoder: codec("BiEncoder", encodeModel, (table) => decodeModel(table, "bi-encoder")),
  CrossEncoder: codec("CrossEncoder", encodeModel, (table) => decodeModel(table, "cross-encoder")),
  Embeddings: embeddings,
  Metrics: metrics,
  TrainingCurve: trainingCurve,
  Comparison: comparison,
  Figure: figure,
  Decision: decision,
};

function codec<A>(type: string, encode: (value: A) => Omit<Table, "type">, decode: (table: Table) => A): Codec<A> {
  return {
    encode: (value) => encodeTable({ type, ...encode(value) }),
    decode: (bytes) => decode(decodeTable(bytes, type)),
  };
}

type ColumnOf<Kind extends Column["kind"]> = Extract<Column, { readonly kind: Kind }>;

function column<Kind extends Column["kind"]>(table: Table, name: string, kind: Kind): ColumnOf<Kind> {
  const found = table.columns[name];
  if (found?.kind !== kind)
    throw new DamagedArtifact(`${table.type}: column ${name} is ${found?.kind ?? "absent"}, not ${kind}`);
  return found as ColumnOf<Kind>;
}

type ValuesOf<Kind extends Column["kind"]> = { readonly [C in Column as C["kind"]]: C["values"] }[Kind];

const values = <Kind extends Column["kind"]>(table: Table, name: string, kind: Kind): ValuesOf<Kind> =>
  column(table, name, kind).values as ValuesOf<Kind>;

function fact(table: Table, name: string): string {
  const found = table.facts[name];
  if (found === undefined) throw new DamagedArtifact(`${table.type}: its header lacks ${name}`);
  return found;
}

function equalLength(type: string, lengths: { readonly [column: string]: number }): number {
  const [first, ...others] = Object.values(lengths);
  if (others.some((length) => length !== first))
    throw new TypeError(`${type}: columns of unequal length ${canonicalJson(lengths)}`);
  return first!;
}

function finite<Values extends Float32Array | Float64Array>(type: string, numbers: Values): Values {
  const bad = numbers.findIndex((value: number) => !Number.isFinite(value));
  if (bad >= 0) throw new TypeError(`${type}: row ${bad} is ${numbers[bad]}, not a number`);
  return numbers;
}

const ragged = (rows: Ragged): Column => ({ kind: "int32List", values: rows satisfies ListValues<Int32Array> });

// Cast: an interface of plain JSON members has no index signature, which the type Json asks for.
const specialText = (special: SpecialTokens): string => canonicalJson(special as unknown as Json);
const readSpecial = (table: Table): SpecialTokens => JSON.parse(fact(table, "special")) as SpecialTokens;
