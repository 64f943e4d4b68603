/**
 * How the sequences of a batch lie in memory: which shapes there are, and few of them.
 *
 * Linear layers, norms and activations work on the real tokens of a batch, one row each, without padding. Attention needs
 * sequences side by side, so for it the batch is sorted by length, cut into groups and padded within a group. Each shape
 * costs a compiled graph, so lengths and token counts are rounded up to steps that keep shapes few:
 *
 * - sequences are sorted by length (ties in the caller's order) and cut into groups of equal size; their number depends on
 *   the number of sequences alone: one group up to 2 × `minGroupRows` - 1 sequences, at most `maxGroups`;
 * - a group's length is its longest sequence rounded up to a multiple of `lengthMultiple`, and above four such multiples
 *   to one and a half or one power of two of them (8, 16, 24, 32, 48, 64, 96, …): attention is a small part of the work;
 *   neighbours that come out equal are one group; a batch of one length that needs no rounding is one group without mask;
 * - the number of token rows is rounded up to a step of 1/16 to 1/8 of itself (a power of two, at least `minTokenStep`);
 * - where padding costs no more rows than that rounding, tokens lie in the padded layout itself and no gather is needed.
 */

export interface LayoutPolicy {
  readonly lengthMultiple: number;
  readonly maxGroups: number;
  readonly minGroupRows: number;
  readonly minTokenStep: number;
}

export const defaultLayoutPolicy: LayoutPolicy = {
  lengthMultiple: 8,
  maxGroups: 3,
  minGroupRows: 16,
  minTokenStep: 32,
};

/** One padded rectangle without packing, all rows as long as the longest sequence: the plain formulation, for tests. */
export const paddedLayoutPolicy: LayoutPolicy = {
  lengthMultiple: 1,
  maxGroups: 1,
  minGroupRows: 1,
  minTokenStep: Number.POSITIVE_INFINITY,
};

export interface LengthGroup {
  readonly rows: number;
  readonly length: number;
  /** Some keys are not for all to see (a row may be shorter than `length`), so attention needs a mask; `by-query`: each query its own. */
  readonly masked: boolean | "by-query";
}

/** Equal shapes give equal graphs. */
export interface PackedShape {
  /** Rows of the `[tokens, dim]` matrices: real tokens and what fills the step. */
  readonly tokens: number;
  readonly sequences: number;
  readonly groups: ReadonlyArray<LengthGroup>;
  /** Tokens are packed, and gathered into the padded layout for attention. False: rows already lie in the padded layout. */
  readonly gathered: boolean;
}

export interface PackedLayout {
  readonly shape: PackedShape;
  /** Row of the padded layout → index of the sequence in the caller's order. */
  readonly order: Int32Array;
}

/** Slots of the padded layout: rows × length over all groups. */
export const paddedSlots = (shape: PackedShape): number =>
  shape.groups.reduce((sum, group) => sum + group.rows * group.length, 0);

/** A text that names the shape: part of a program's key. */
export const shapeKey = (shape: PackedShape): string =>
  `${shape.tokens}${shape.gathered ? "g" : "p"}` +
  shape.groups.map(({ rows, length, masked }) => `,${rows}x${length}${maskKey(masked)}`).join("");

const maskKey = (masked: LengthGroup["masked"]): string => (masked === "by-query" ? "q" : masked ? "m" : "");

/**
 * @param lengths of the sequences, each at least 1; at least one
 * @param maxLength the longest a sequence can be here
 * @param masked what sequences ask for whatever their lengths: see `Sequence.visible`
 */
export function layoutOf(
  lengths: ReadonlyArray<number>,
  policy: LayoutPolicy = defaultLayoutPolicy,
  maxLength = Number.POSITIVE_INFINITY,
  masked: LengthGroup["masked"] = false,
): PackedLayout {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const groups = groupsOf(
    Array.from(order, (index) => lengths[index]!),
    policy,
    maxLength,
    masked,
  );
  const real = lengths.reduce((sum, length) => sum + length, 0);
  const slots = groups.reduce((sum, group) => sum + group.rows * group.length, 0);
  // One row more than the real ones: padding slots read and write a row whose gradient is zero.
  const packed = roundUp(real + 1, tokenStep(real, policy));
  const gathered = packed < slots;
  const shape = { tokens: gathered ? packed : slots, sequences: lengths.length, groups, gathered };
  return { shape, order };
}

function groupsOf(
  sorted: ReadonlyArray<number>,
  policy: LayoutPolicy,
  maxLength: number,
  masked: LengthGroup["masked"],
): ReadonlyArray<LengthGroup> {
  const count = Math.max(1, Math.min(policy.maxGroups, Math.floor(sorted.length / policy.minGroupRows)));
  const longest = sorted[sorted.length - 1]!;
  if (sorted[0] === longest && (longest % policy.lengthMultiple === 0 || longest === maxLength))
    return [{ rows: sorted.length, length: longest, masked }];
  const groups: Array<LengthGroup> = [];
  for (let i = 0; i < count; i++) {
    const rows = sorted.slice(cut(i, count, sorted.length), cut(i + 1, count, sorted.length));
    const length = Math.min(maxLength, roundLength(rows[rows.length - 1]!, policy.lengthMultiple));
    groups.push({ rows: rows.length, length, masked: masked || true });
  }
  return merged(groups);
}

/** Neighbours of equal length are one group: fewer nodes, the same work. */
function merged(groups: ReadonlyArray<LengthGroup>): ReadonlyArray<LengthGroup> {
  const result: Array<LengthGroup> = [];
  for (const group of groups) {
    const last = result[result.length - 1];
    if (last?.length === group.length) result[result.length - 1] = { ...last, rows: last.rows + group.rows };
    else result.push(group);
  }
  return result;
}

/** 1, 2, 3, 4, 6, 8, 12, 16, 24, … multiples. A multiple of 1 rounds nothing. */
function roundLength(length: number, multiple: number): number {
  if (multiple === 1) return length;
  const octave = 2 ** Math.max(1, Math.ceil(Math.log2(length / multiple)) - 1);
  return roundUp(length, (multiple * octave) / 2);
}

const cut = (group: number, groups: number, rows: number): number => Math.floor((group * rows) / groups);

const roundUp = (value: number, multiple: number): number =>
  Number.isFinite(multiple) ? Math.ceil(value / multiple) * multiple : multiple;

function tokenStep(real: number, policy: LayoutPolicy): number {
  if (!Number.isFinite(policy.minTokenStep)) return policy.minTokenStep;
  return Math.max(policy.minTokenStep, 2 ** (Math.floor(Math.log2(real)) - 3));
}
