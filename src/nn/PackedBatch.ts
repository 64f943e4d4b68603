/**
 * A batch of sequences, packed: one row for each real token, and the index maps between these rows and the padded layout
 * that attention works in.
 *
 * Rows that fill the token count to its step ("fillers"), and padding slots, take part in every product but in no result:
 * nothing reads them, so their gradients are exactly zero. Both maps rest on that: padding slots take the last row, which
 * is always a filler, fillers take some padding slot, and so the gradient of each gather is the other gather, without masks.
 */
import { attentionBias, maskOf, type Sequence, visibleTokens } from "./Sequence.ts";
import type { TensorSpec, TypedArray } from "./TensorSpec.ts";
import { layoutOf, paddedSlots, type LayoutPolicy, type PackedShape, defaultLayoutPolicy } from "./PackedLayout.ts";

export type { Sequence, Visible } from "./Sequence.ts";

export interface PackedBatch {
  readonly shape: PackedShape;
  /** Real tokens, without fillers. */
  readonly realTokens: number;
  /** [tokens] each; -1 for fillers. */
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly types: Int32Array;
  /** [tokens] index of the token's sequence in the caller's order, -1 for fillers: with `positions` the dropout counter. */
  readonly tokenExample: Int32Array;
  /** [tokens] 1 for padding that goes through the encoder: what stands behind the first `visible` tokens of a sequence, or, where that is named, has the id of padding. */
  readonly isPadding: Uint8Array;
  /** [sequences] row of the padded layout → index in the caller's order. */
  readonly order: Int32Array;
  /** [sequences] tokens of each sequence, in the caller's order. */
  readonly lengths: Int32Array;
  /** [sequences] in the caller's order: the row of the sequence's first token; its i-th token is i rows further. */
  readonly firstToken: Int32Array;
  /** Values of `batchInputs(shape)`. */
  readonly feeds: { readonly [name: string]: TypedArray };
}

/** Names of a batch's inputs; `prefix` tells several batches of one program apart. */
export const batchInputNames = (prefix: string) => ({
  /** [slots] the token of each padded slot. */
  slotToken: `${prefix}.slotToken`,
  /** [5, tokens] where each token's padded slot is: see `slotFacts`. */
  tokenSlot: `${prefix}.tokenSlot`,
  /** [sequences] the first token of each row of the padded layout. */
  rowFirst: `${prefix}.rowFirst`,
  /** [tokens] the row whose first token this is; `sequences` for all other tokens. */
  firstRow: `${prefix}.firstRow`,
  /** [sequences] caller's order → row of the padded layout, and back. */
  exampleRow: `${prefix}.exampleRow`,
  rowExample: `${prefix}.rowExample`,
  /** [rows, 1, 1, length], or [rows, 1, length, length] where masked by query: 0 for keys that are seen, -1e9 for all others. */
  bias: (group: number) => `${prefix}.bias.${group}`,
  /** [rows, 1, length] 1 / (tokens of the row) for tokens, 0 for padding. */
  mean: (group: number) => `${prefix}.mean.${group}`,
});

/** Rows of the `tokenSlot` input: enough to find a token's place in any `[rows, heads, length]` layout. */
export const slotFacts = {
  /** Slots of the groups before. */
  slotsBeforeGroup: 0,
  /** Slots of the rows before, in the token's group. */
  slotsBeforeRow: 1,
  /** Column in the row. */
  column: 2,
  /** Slots of the token's group. */
  groupSlots: 3,
  /** Length of the rows of the token's group. */
  groupLength: 4,
  count: 5,
} as const;

export const defaultBatchPrefix = "batch";

const int32 = (name: string, ...shape: Array<number>): TensorSpec => ({ name, shape, dtype: "int32" });
const float32 = (name: string, ...shape: Array<number>): TensorSpec => ({ name, shape, dtype: "float32" });

/** What a program over a batch of this shape takes besides parameters and embeddings; a program may leave some unused. */
export function batchInputs(shape: PackedShape, prefix = defaultBatchPrefix): ReadonlyArray<TensorSpec> {
  const names = batchInputNames(prefix);
  return [
    int32(names.slotToken, paddedSlots(shape)),
    int32(names.tokenSlot, slotFacts.count, shape.tokens),
    int32(names.rowFirst, shape.sequences),
    int32(names.firstRow, shape.tokens),
    int32(names.exampleRow, shape.sequences),
    int32(names.rowExample, shape.sequences),
    ...shape.groups.flatMap(({ rows, length, masked }, i) => [
      ...(masked ? [float32(names.bias(i), rows, 1, masked === "by-query" ? length : 1, length)] : []),
      float32(names.mean(i), rows, 1, length),
    ]),
  ];
}

/** The token rows `[tokens, width]` that enter an encoder: see `embeddingRows`. */
export const embeddingsName = (prefix = defaultBatchPrefix): string => `${prefix}.embeddings`;

export const embeddingsInput = (shape: PackedShape, width: number, prefix = defaultBatchPrefix): TensorSpec => ({
  name: embeddingsName(prefix),
  shape: [shape.tokens, width],
  dtype: "float32",
});

export interface PackOptions {
  readonly policy?: LayoutPolicy;
  /** The longest a sequence can be here (`maxTokens`, at most the model's positions): no group is padded beyond. */
  readonly maxLength?: number;
  readonly prefix?: string;
  /** Tokens of this id count as padding wherever they stand, and no others: a row may be filled up with another word that is learnt. */
  readonly paddingId?: number | undefined;
}

/** Packs sequences (at least one) under a policy that keeps shapes few: see `PackedLayout.ts`. */
export function packBatch(sequences: ReadonlyArray<Sequence>, options: PackOptions = {}): PackedBatch {
  const lengths = sequences.map((sequence) => sequence.ids.length);
  const { policy = defaultLayoutPolicy, maxLength } = options;
  const { shape, order } = layoutOf(lengths, policy, maxLength, maskOf(sequences));
  const tokens = emptyTokens(shape.tokens);
  const slots = emptySlots(shape);
  const firstToken = new Int32Array(sequences.length);
  let next = 0;
  let row = 0;
  let slotsBefore = 0;
  for (const { rows, length } of shape.groups) {
    const group = { before: slotsBefore, slots: rows * length, length };
    for (let i = 0; i < rows; i++, row++) {
      const example = order[row]!;
      const first = shape.gathered ? next : slotsBefore + i * length;
      firstToken[example] = first;
      writeTokens(tokens, sequences[example]!, example, first);
      // Without gathering the padding of a row has token rows of its own: fillers, right behind the real ones.
      const rowTokens = shape.gathered ? lengths[example]! : length;
      for (let column = 0; column < rowTokens; column++) writeSlot(slots, group, i, column, first + column);
      if (rowTokens < length) slots.padding = { group, row: i, column: rowTokens };
      next += lengths[example]!;
    }
    slotsBefore += group.slots;
  }
  if (shape.gathered) placeFillers(slots, next, shape.tokens);
  if (options.paddingId !== undefined)
    tokens.ids.forEach((id, token) => (tokens.isPadding[token] = id === options.paddingId ? 1 : 0));
  const prefix = options.prefix ?? defaultBatchPrefix;
  const feeds = {
    ...indexFeeds(shape, order, firstToken, slots, prefix),
    ...rowFeeds(
      shape,
      Array.from(order, (example) => sequences[example]!),
      prefix,
    ),
  };
  return { shape, realTokens: next, ...tokens, order, lengths: Int32Array.from(lengths), firstToken, feeds };
}

type TokenColumns = Pick<PackedBatch, "ids" | "positions" | "types" | "tokenExample" | "isPadding">;

interface SlotGroup {
  readonly before: number;
  readonly slots: number;
  readonly length: number;
}

interface Slots {
  readonly slotToken: Int32Array;
  /** [slotFacts.count, tokens] */
  readonly tokenSlot: Int32Array;
  readonly tokens: number;
  /** Some padding slot; there is one wherever tokens are gathered. */
  padding: { readonly group: SlotGroup; readonly row: number; readonly column: number } | undefined;
}

const emptySlots = (shape: PackedShape): Slots => ({
  slotToken: new Int32Array(paddedSlots(shape)).fill(shape.tokens - 1),
  tokenSlot: new Int32Array(slotFacts.count * shape.tokens),
  tokens: shape.tokens,
  padding: undefined,
});

function writeSlot(slots: Slots, group: SlotGroup, row: number, column: number, token: number): void {
  slots.slotToken[group.before + row * group.length + column] = token;
  writeFacts(slots, group, row, column, token);
}

function writeFacts(slots: Slots, group: SlotGroup, row: number, column: number, token: number): void {
  const { tokenSlot, tokens } = slots;
  tokenSlot[slotFacts.slotsBeforeGroup * tokens + token] = group.before;
  tokenSlot[slotFacts.slotsBeforeRow * tokens + token] = row * group.length;
  tokenSlot[slotFacts.column * tokens + token] = column;
  tokenSlot[slotFacts.groupSlots * tokens + token] = group.slots;
  tokenSlot[slotFacts.groupLength * tokens + token] = group.length;
}

function placeFillers(slots: Slots, from: number, to: number): void {
  const { group, row, column } = slots.padding!;
  for (let token = from; token < to; token++) writeFacts(slots, group, row, column, token);
}

const emptyTokens = (tokens: number): TokenColumns => ({
  ids: new Int32Array(tokens).fill(-1),
  positions: new Int32Array(tokens).fill(-1),
  types: new Int32Array(tokens).fill(-1),
  tokenExample: new Int32Array(tokens).fill(-1),
  isPadding: new Uint8Array(tokens),
});

function writeTokens(tokens: TokenColumns, sequence: Sequence, example: number, first: number): void {
  const length = sequence.ids.length;
  tokens.ids.set(sequence.ids, first);
  if (sequence.types === undefined) tokens.types.fill(0, first, first + length);
  else tokens.types.set(sequence.types, first);
  tokens.tokenExample.fill(example, first, first + length);
  tokens.isPadding.fill(1, first + visibleTokens(sequence), first + length);
  for (let j = 0; j < length; j++) tokens.positions[first + j] = j;
}

/** Where tokens and rows lie. */
function indexFeeds(
  shape: PackedShape,
  order: Int32Array,
  firstToken: Int32Array,
  slots: Slots,
  prefix: string,
): { readonly [name: string]: TypedArray } {
  const names = batchInputNames(prefix);
  const rowFirst = order.map((example) => firstToken[example]!);
  const firstRow = new Int32Array(shape.tokens).fill(shape.sequences);
  const exampleRow = new Int32Array(shape.sequences);
  order.forEach((example, row) => {
    firstRow[rowFirst[row]!] = row;
    exampleRow[example] = row;
  });
  return {
    [names.slotToken]: slots.slotToken,
    [names.tokenSlot]: slots.tokenSlot,
    [names.rowFirst]: rowFirst,
    [names.firstRow]: firstRow,
    [names.exampleRow]: exampleRow,
    [names.rowExample]: order,
  };
}

/** What each group knows of its rows. @param sorted the sequences in the order of the padded layout */
function rowFeeds(
  shape: PackedShape,
  sorted: ReadonlyArray<Sequence>,
  prefix: string,
): { readonly [name: string]: TypedArray } {
  const names = batchInputNames(prefix);
  const feeds: { [name: string]: TypedArray } = {};
  let row = 0;
  shape.groups.forEach(({ rows, length, masked }, i) => {
    const inGroup = sorted.slice(row, row + rows);
    if (masked) feeds[names.bias(i)] = attentionBias(inGroup, length, masked === "by-query" ? length : 1);
    feeds[names.mean(i)] = perSlot(inGroup, length);
    row += rows;
  });
  return feeds;
}

/** [rows, length] 1 / (tokens of the row) for its tokens, 0 for its padding. */
function perSlot(sequences: ReadonlyArray<Sequence>, length: number): Float32Array {
  const values = new Float32Array(sequences.length * length);
  sequences.forEach(({ ids }, row) => values.fill(1 / ids.length, row * length, row * length + ids.length));
  return values;
}
