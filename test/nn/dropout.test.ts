import { assert, describe, it } from "vitest";
import { dropoutMasks, dropoutSites, keptScale, rowDropoutMask } from "../../src/nn/dropout.ts";
import { packBatch } from "../../src/nn/PackedBatch.ts";
import { defaultLayoutPolicy, paddedLayoutPolicy, type LayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { tinyConfig, tinySequences } from "../kit/tinyEncoder.ts";

const counter = { seed: 7, step: 11 };

function masksOf(policy: LayoutPolicy, encoded: "all" | "first" = "all", at = counter) {
  const batch = packBatch(tinySequences([5, 3, 9, 4]), { policy });
  const sites = dropoutSites(tinyConfig, batch.shape, encoded, true);
  return { batch, sites, masks: dropoutMasks(sites, batch, at) };
}

/** The bytes of one example's token at a hidden site. */
function tokenMask({ batch, masks }: ReturnType<typeof masksOf>, site: number, example: number, position: number) {
  const row = batch.firstToken[example]! + position;
  return [...masks[`batch.dropout.${site}`]!.subarray(row * tinyConfig.hiddenSize, (row + 1) * tinyConfig.hiddenSize)];
}

/** All masks of a seed and step, and those of one example at one site as a text. */
const all = (seed: number, step: number) => masksOf(defaultLayoutPolicy, "all", { seed, step });
const whole = (found: ReturnType<typeof masksOf>, site: number, example: number) =>
  [0, 1, 2].flatMap((position) => tokenMask(found, site, example, position)).join("");

/** Share of bytes that equal those `shift` earlier in the other. */
const agreement = (a: Uint8Array, b: Uint8Array, shift: number) => {
  let equal = 0;
  for (let i = shift; i < a.length; i++) if (a[i] === b[i - shift]) equal++;
  return equal / (a.length - shift);
};

describe("dropout masks", () => {
  it("are the same for a token wherever the layout puts it", () => {
    const padded = masksOf(paddedLayoutPolicy);
    const packed = masksOf({ lengthMultiple: 2, maxGroups: 2, minGroupRows: 2, minTokenStep: 2 });
    assert.notStrictEqual(padded.batch.firstToken[0], packed.batch.firstToken[0]);
    for (const [example, length] of [5, 3, 9, 4].entries())
      for (let position = 0; position < length; position++)
        assert.deepStrictEqual(tokenMask(packed, 2, example, position), tokenMask(padded, 2, example, position));
  });

  it("are written out here, so that a change of the counter is always a decision", () => {
    const found = masksOf(defaultLayoutPolicy);
    assert.strictEqual(tokenMask(found, 0, 0, 0).join(""), "1111111111010110");
    assert.strictEqual(tokenMask(found, 2, 2, 8).join(""), "1011111111111111");
    assert.strictEqual(found.masks["batch.dropout.1.0"]!.subarray(0, 3).join(""), "011");
  });

  it("differ by seed, step, site and example", () => {
    const seen = [
      whole(all(1, 1), 2, 0),
      whole(all(2, 1), 2, 0),
      whole(all(1, 2), 2, 0),
      whole(all(1, 1), 3, 0),
      whole(all(1, 1), 2, 1),
    ];
    assert.strictEqual(new Set(seen).size, seen.length);
  });

  it("of the last layer's first tokens are those of the whole layer", () => {
    const all = masksOf(defaultLayoutPolicy, "all");
    const first = masksOf(defaultLayoutPolicy, "first");
    const site = 2 + 3; // attention output of layer 1
    const dim = tinyConfig.hiddenSize;
    first.batch.order.forEach((example, row) =>
      assert.deepStrictEqual(
        [...first.masks[`batch.dropout.${site}`]!.subarray(row * dim, (row + 1) * dim)],
        tokenMask(all, site, example, 0),
      ),
    );
  });

  it("keep the share they should, and the scale makes up for it exactly", () => {
    const batch = packBatch(tinySequences(Array.from({ length: 64 }, () => 32)));
    for (const rate of [0.1, 0.25, 1 / 65536, 0.5]) {
      const config = { ...tinyConfig, hiddenSize: 64, hiddenDropout: rate, attentionDropout: rate };
      const sites = dropoutSites(config, batch.shape, "all");
      const masks = dropoutMasks(sites, batch, counter);
      const bytes = Object.values(masks).reduce((sum, mask) => sum + mask.length, 0);
      const kept = Object.values(masks).reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0);
      const deviation = Math.sqrt((rate * (1 - rate)) / bytes);
      assert.isBelow(Math.abs(kept / bytes - (1 - rate)), 4 * deviation + 1e-5, `rate ${rate}`);
      assert.approximately(keptScale(rate) * (1 - rate), 1, 1e-5);
    }
  });

  it("of neighbouring channels, tokens and steps do not follow each other", () => {
    const batch = packBatch(tinySequences(Array.from({ length: 64 }, () => 32)));
    const config = { ...tinyConfig, hiddenSize: 64, hiddenDropout: 0.5 };
    const sites = dropoutSites(config, batch.shape, "all").slice(0, 1);
    const one = dropoutMasks(sites, batch, { seed: 1, step: 1 })["batch.dropout.0"]!;
    const other = dropoutMasks(sites, batch, { seed: 1, step: 2 })["batch.dropout.0"]!;
    const tolerance = 4 * Math.sqrt(0.25 / one.length);
    for (const shift of [1, 2, 3, 64, 128]) assert.approximately(agreement(one, one, shift), 0.5, tolerance);
    assert.approximately(agreement(one, other, 0), 0.5, tolerance);
  });

  it("reuse the buffers they are given", () => {
    const { batch, sites, masks } = masksOf(defaultLayoutPolicy);
    const again = dropoutMasks(sites, batch, { seed: 8, step: 1 }, masks as { [name: string]: Uint8Array });
    for (const site of sites) assert.strictEqual(again[site.name], masks[site.name]);
  });

  it("are not asked for at a rate of 0", () => {
    const { shape } = packBatch(tinySequences([3]));
    assert.isEmpty(dropoutSites({ ...tinyConfig, hiddenDropout: 0, attentionDropout: 0 }, shape, "all", true));
  });
});

describe("masks of rows that are no tokens", () => {
  it("are those of the examples, in whatever part of a batch they are, and keep the share they should", () => {
    const whole = rowDropoutMask(0.25, 1000, counter, [0, 1, 2, 3])!;
    const part = rowDropoutMask(0.25, 1000, counter, [3, 1])!;
    assert.deepStrictEqual([...part.subarray(0, 1000)], [...whole.subarray(3000)]);
    assert.deepStrictEqual([...part.subarray(1000)], [...whole.subarray(1000, 2000)]);
    // 4000 draws: a deviation of 0.007
    assert.approximately(whole.reduce((sum, kept) => sum + kept, 0) / 4000, 0.75, 0.03);
    assert.notDeepEqual(rowDropoutMask(0.25, 1000, { ...counter, step: 12 }, [0, 1, 2, 3]), whole);
    assert.isUndefined(rowDropoutMask(0, 1000, counter, [0]));
  });
});
