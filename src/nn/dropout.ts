/**
 * Dropout masks from a counter, not from a stream: whether an element is kept depends on (seed, step, site, index of the
 * example in the batch, token position, channel) and in attention on (…, head, query position, key position). So packing,
 * padding and bucketing never change a mask. Masks are bytes, made here and fed to the program.
 *
 * Whole attention heads may be dropped too ("drophead"): one decision for each (seed, step, site, example, head), and where all
 * heads of an example would go, one of them, drawn at random, stays (docs/adr/0034).
 *
 * A rate is held to 1/65536; kept values are scaled by the reciprocal of the exact share kept. A rate of 0 has no mask.
 */
import type { ModelConfig } from "./EncoderModel.ts";
import { headFormOf } from "./headForms.ts";
import { defaultBatchPrefix, type PackedBatch } from "./PackedBatch.ts";
import type { PackedShape } from "./PackedLayout.ts";
import { embeddingWidth } from "./parameters.ts";
import { childKey, randomKey, type RandomKey, uniformAt } from "./random.ts";
import type { TensorSpec } from "./TensorSpec.ts";

/** A place in the network that drops elements, and the input that carries its mask. */
export interface DropoutSite extends TensorSpec {
  readonly dtype: "bool";
  /** The same for every layout: what the counter sees. */
  readonly site: number;
  readonly rate: number;
  /**
   * What a row of the mask is: a token `[tokens, dim]`, the first token of a sequence by row of the padded layout
   * `[sequences, dim]`, a query of a group `[rows, heads, queries, length]`, or the heads of a row of a group `[rows, heads, 1, 1]`.
   */
  readonly rows: "tokens" | "first" | { readonly of: "queries" | "heads"; readonly firstRow: number };
}

/** Which hidden states a program computes: of every token, or in the last layer of first tokens only. */
export type EncodedRows = "all" | "first";

export const dropoutSiteNumbers = {
  embeddings: 0,
  attention: (layer: number) => 1 + 3 * layer,
  attentionOutput: (layer: number) => 2 + 3 * layer,
  feedForwardOutput: (layer: number) => 3 + 3 * layer,
  /** Below 0, so that the others keep their numbers. */
  attentionHeads: (layer: number) => -1 - layer,
  head: (layers: number) => 1 + 3 * layers,
  headInput: (layers: number) => 2 + 3 * layers,
};

/** @param prefix of the batch whose tokens are dropped */
export const dropoutInputName = (prefix: string, site: number, group?: number): string =>
  `${prefix}.dropout.${site}${group === undefined ? "" : `.${group}`}`;

const levels = 65536;
const thresholdOf = (rate: number): number => Math.round(rate * levels);

/** What kept elements are multiplied by. */
export const keptScale = (rate: number): number => levels / (levels - thresholdOf(rate));

/** The masks that a program over this shape takes. `head`: the cross-encoder's, on rows of first tokens. @param prefix of the batch */
export function dropoutSites(
  config: ModelConfig,
  shape: PackedShape,
  encoded: EncodedRows,
  head = false,
  prefix = defaultBatchPrefix,
): ReadonlyArray<DropoutSite> {
  const { hiddenSize, hiddenDropout, layers } = config;
  const hidden = (site: number, rows: "tokens" | "first", dim = hiddenSize, rate = hiddenDropout): DropoutSite => ({
    name: dropoutInputName(prefix, site),
    shape: [rows === "tokens" ? shape.tokens : shape.sequences, dim],
    dtype: "bool",
    site,
    rate,
    rows,
  });
  const sites: Array<DropoutSite> = [hidden(dropoutSiteNumbers.embeddings, "tokens", embeddingWidth(config))];
  for (let layer = 0; layer < layers; layer++) {
    const rows = encoded === "first" && layer === layers - 1 ? "first" : "tokens";
    sites.push(...attentionSites(config, shape, layer, rows, prefix));
    sites.push(hidden(dropoutSiteNumbers.attentionOutput(layer), rows));
    sites.push(hidden(dropoutSiteNumbers.feedForwardOutput(layer), rows));
  }
  const ofHead = (site: number) => hidden(site, "first", hiddenSize, config.classifierDropout);
  if (head) sites.push(ofHead(dropoutSiteNumbers.head(layers)));
  if (head && headFormOf(config).dropsInput) sites.push(ofHead(dropoutSiteNumbers.headInput(layers)));
  return sites.filter((site) => thresholdOf(site.rate) > 0);
}

function attentionSites(
  config: ModelConfig,
  shape: PackedShape,
  layer: number,
  queries: "tokens" | "first",
  prefix: string,
): ReadonlyArray<DropoutSite> {
  const { heads, attentionDropout, dropHead = 0 } = config;
  let firstRow = 0;
  return shape.groups.flatMap(({ rows, length }, group) => {
    const of = (kind: "queries" | "heads", site: number, rate: number, ...inner: [number, number]): DropoutSite => ({
      name: dropoutInputName(prefix, site, group),
      shape: [rows, heads, ...inner],
      dtype: "bool",
      site,
      rate,
      rows: { of: kind, firstRow },
    });
    const sites = [
      of("queries", dropoutSiteNumbers.attention(layer), attentionDropout, queries === "first" ? 1 : length, length),
      of("heads", dropoutSiteNumbers.attentionHeads(layer), dropHead, 1, 1),
    ];
    firstRow += rows;
    return sites;
  });
}

/** What all masks of an update depend on. */
export interface DropoutCounter {
  readonly seed: number;
  readonly step: number;
  /** Where the batch is a part of a larger one: for each of its sequences the index there, which is what counts. */
  readonly examples?: ArrayLike<number>;
}

/** Masks of one step (1 keeps, 0 drops), written into `into` where it holds a buffer of that name and size. */
export function dropoutMasks(
  sites: ReadonlyArray<DropoutSite>,
  batch: PackedBatch,
  counter: DropoutCounter,
  into: { readonly [name: string]: Uint8Array } = {},
): { readonly [name: string]: Uint8Array } {
  const stepKey = randomKey("dropout", counter.seed, counter.step);
  const examples = counter.examples ?? Int32Array.from(batch.lengths.keys());
  const masks: { [name: string]: Uint8Array } = {};
  for (const site of sites) {
    const size = site.shape.reduce((product, length) => product * length, 1);
    const reused = into[site.name];
    const mask = reused?.length === size ? reused : new Uint8Array(size);
    const siteKey = childKey(stepKey, site.site);
    if (typeof site.rows === "object") {
      const fill = site.rows.of === "heads" ? fillHeads : fillAttention;
      fill(mask, site, site.rows.firstRow, batch, siteKey, examples);
    } else fillHidden(mask, site, batch, siteKey, examples);
    masks[site.name] = mask;
  }
  return masks;
}

/**
 * A mask for rows that are no tokens: of what stands on embeddings. @param examples the counter's index of each row
 * @returns [rows, width], 1 keeps, 0 drops; undefined where the rate drops nothing
 */
export function rowDropoutMask(
  rate: number,
  width: number,
  { seed, step }: Pick<DropoutCounter, "seed" | "step">,
  examples: ArrayLike<number>,
): Uint8Array | undefined {
  const threshold = thresholdOf(rate);
  if (threshold === 0) return undefined;
  const stepKey = randomKey("row dropout", seed, step);
  const mask = new Uint8Array(examples.length * width);
  for (let row = 0; row < examples.length; row++)
    fillRow(mask, row * width, width, threshold, childKey(stepKey, examples[row]!));
  return mask;
}

function fillHidden(
  mask: Uint8Array,
  site: DropoutSite,
  batch: PackedBatch,
  siteKey: RandomKey,
  examples: ArrayLike<number>,
): void {
  const [rows, channels] = site.shape as readonly [number, number];
  const threshold = thresholdOf(site.rate);
  for (let row = 0; row < rows; row++) {
    const example = site.rows === "first" ? batch.order[row]! : batch.tokenExample[row]!;
    if (example < 0) continue; // fillers: whatever the buffer holds, nothing reads it
    const position = site.rows === "first" ? 0 : batch.positions[row]!;
    fillRow(mask, row * channels, channels, threshold, childKey(childKey(siteKey, examples[example]!), position));
  }
}

function fillAttention(
  mask: Uint8Array,
  site: DropoutSite,
  firstRow: number,
  batch: PackedBatch,
  siteKey: RandomKey,
  examples: ArrayLike<number>,
): void {
  const [rows, heads, queries, length] = site.shape as readonly [number, number, number, number];
  const threshold = thresholdOf(site.rate);
  for (let row = 0; row < rows; row++) {
    const example = batch.order[firstRow + row]!;
    const tokens = batch.lengths[example]!;
    const exampleKey = childKey(siteKey, examples[example]!);
    for (let head = 0; head < heads; head++) {
      const headKey = childKey(exampleKey, head);
      for (let query = 0; query < Math.min(queries, tokens); query++)
        fillRow(mask, ((row * heads + head) * queries + query) * length, tokens, threshold, childKey(headKey, query));
    }
  }
}

/** [rows, heads]; of an example that would lose all, one head is kept. */
function fillHeads(
  mask: Uint8Array,
  site: DropoutSite,
  firstRow: number,
  batch: PackedBatch,
  siteKey: RandomKey,
  examples: ArrayLike<number>,
): void {
  const [rows, heads] = site.shape as readonly [number, number, number, number];
  for (let row = 0; row < rows; row++) {
    const exampleKey = childKey(siteKey, examples[batch.order[firstRow + row]!]!);
    const start = row * heads;
    fillRow(mask, start, heads, thresholdOf(site.rate), exampleKey);
    if (!mask.subarray(start, start + heads).includes(1))
      mask[start + Math.floor(uniformAt(childKey(exampleKey, heads), 0) * heads)] = 1;
  }
}

/** `length` bytes from `start`: two elements to a random number, 16 bits each. The one hot loop: no call, no allocation. */
function fillRow(mask: Uint8Array, start: number, length: number, threshold: number, key: RandomKey): void {
  const { a, b } = key;
  let counter = a;
  const end = start + length - (length % 2);
  for (let i = start; i < end; i += 2) {
    counter = (counter + 0x9e3779b9) | 0;
    let x = (Math.imul(counter ^ (counter >>> 16), 0x85ebca6b) + b) | 0;
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    mask[i] = (threshold - 1 - (x & 0xffff)) >>> 31;
    mask[i + 1] = (threshold - 1 - (x >>> 16)) >>> 31;
  }
  if (end === start + length) return;
  counter = (counter + 0x9e3779b9) | 0;
  let x = (Math.imul(counter ^ (counter >>> 16), 0x85ebca6b) + b) | 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x ^= x >>> 16;
  mask[end] = (threshold - 1 - (x & 0xffff)) >>> 31;
}
