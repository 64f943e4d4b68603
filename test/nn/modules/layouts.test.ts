import { afterAll, assert, describe, it } from "vitest";
import { CpuEngine } from "../../../src/engine/cpu/CpuEngine.ts";
import { defaultLayoutPolicy, paddedLayoutPolicy, type LayoutPolicy } from "../../../src/nn/PackedLayout.ts";
import type { ModelConfig } from "../../../src/nn/EncoderModel.ts";
import { relativeError, type Results } from "../../kit/engineRig.ts";
import { engines } from "../../kit/engines.ts";
import { runTiny, tinyConfig, tinyProgram, type Kind } from "../../kit/tinyEncoder.ts";

const unequal = [3, 9, 5, 5, 12, 2, 7, 8, 11, 4, 1];
const equal = [8, 8, 8, 8, 8];

/** Small enough steps that eleven sequences make three groups. */
const packed: LayoutPolicy = { lengthMultiple: 4, maxGroups: 3, minGroupRows: 3, minTokenStep: 4 };

/**
 * Sums run over other numbers of terms in another order: 1e-6 of the whole. The key's bias has a true gradient of 0, what
 * is there is rounding, so it is held against an absolute size.
 */
function assertSame(found: Results, expected: Results): void {
  for (const name of Object.keys(expected)) {
    const floor = name.includes("key.bias") ? 1 : 1e-3;
    assert.isBelow(relativeError(found[name]!, expected[name]!, floor), 5e-6, name);
  }
}

const cpu = new CpuEngine();

describe.each(engines)("the layout of a batch on the %s engine", (_, open) => {
  const engine = open(1);
  afterAll(() => engine.close());

  for (const kind of ["cls", "mean", "cross-encoder", "mlm"] satisfies ReadonlyArray<Kind>) {
    it(`changes neither loss nor gradients with dropout on: ${kind}, packed or padded`, async () => {
      const expected = await runTiny(cpu, tinyProgram(kind, unequal, paddedLayoutPolicy));
      for (const policy of [paddedLayoutPolicy, packed, defaultLayoutPolicy]) {
        const found = await runTiny(engine, tinyProgram(kind, unequal, policy));
        assertSame(found, expected);
        assert.strictEqual(found["filler"]![0], 0, "rows that fill the layout get exactly no gradient");
      }
    });

    it(`of sequences of one length needs no mask and gives the same numbers: ${kind}`, async () => {
      const whole = tinyProgram(kind, equal, defaultLayoutPolicy);
      assert.deepStrictEqual(whole.batch.shape.groups, [{ rows: 5, length: 8, masked: false }]);
      const other = tinyProgram(kind, equal, { ...paddedLayoutPolicy, lengthMultiple: 12 });
      assert.strictEqual(other.batch.shape.groups[0]!.masked, true);
      assertSame(await runTiny(engine, other), await runTiny(engine, whole));
    });
  }

  const relatives: { readonly [name: string]: Partial<ModelConfig> } = {
    roberta: { architecture: "roberta", typeVocabSize: 1, paddingIndex: 1, classifierDropout: 0.3 },
    distilbert: { architecture: "distilbert", typeVocabSize: 0, activation: "gelu_new" },
    electra: { architecture: "electra", embeddingSize: 12, activation: "relu" },
  };
  for (const [name, differences] of Object.entries(relatives))
    for (const kind of ["mean", "cross-encoder", "mlm"] satisfies ReadonlyArray<Kind>)
      it(`changes nothing of a ${name} either: ${kind}`, async () => {
        const config = { ...tinyConfig, ...differences };
        const expected = await runTiny(cpu, tinyProgram(kind, unequal, paddedLayoutPolicy, config));
        const found = await runTiny(engine, tinyProgram(kind, unequal, packed, config));
        assertSame(found, expected);
        assert.strictEqual(found["filler"]![0], 0);
      });

  it("does not matter without dropout either, and no masks are asked for", async () => {
    const config = { ...tinyConfig, hiddenDropout: 0, attentionDropout: 0 };
    const plain = tinyProgram("mean", unequal, packed, config);
    assert.isEmpty(plain.program.inputs.filter((input) => input.name.includes("dropout")));
    assertSame(
      await runTiny(engine, plain),
      await runTiny(cpu, tinyProgram("mean", unequal, paddedLayoutPolicy, config)),
    );
  });
});
