import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelProblem } from "../../src/model/ModelProblem.ts";
import { readSafetensors, writeSafetensors } from "../../src/model/safetensors.ts";
import { toFloat32 } from "../../src/model/StoredTensor.ts";
import { readWeightFiles } from "../../src/model/weightFiles.ts";

const golden = fileURLToPath(new URL("../golden/architectures/", import.meta.url));
const bin = readFileSync(`${golden}distilbert/pytorch_model.bin`);
const one = (name: string, value: number) =>
  writeSafetensors(new Map([[name, { shape: [1], values: Float32Array.of(value) }]]));

type Files = { readonly [name: string]: Uint8Array | string | object };
const read = (files: Files) =>
  readWeightFiles("m", (name) => {
    const content = files[name];
    if (content === undefined || content instanceof Uint8Array) return Promise.resolve(content);
    return Promise.resolve(Buffer.from(typeof content === "string" ? content : JSON.stringify(content)));
  });

const problem = (files: Files): Promise<string> =>
  read(files).then(
    () => "loaded",
    (error: unknown) => {
      expect(error).toBeInstanceOf(ModelProblem);
      expect((error as ModelProblem).hint).toBeTruthy();
      return (error as Error).message;
    },
  );

const index = "model.safetensors.index.json";
const pieces = {
  [index]: { weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } },
  "model-1.safetensors": one("a", 1),
  "model-2.safetensors": one("b", 2),
};

describe("files of weights", () => {
  it("are taken in transformers' order: safetensors first, a whole file before pieces", async () => {
    const all = { ...pieces, "model.safetensors": one("whole", 3), "pytorch_model.bin": bin };
    expect(await read(all)).toMatchObject({ file: "model.safetensors" });
    expect(await read({ ...pieces, "pytorch_model.bin": bin })).toMatchObject({ file: index });
    expect(await read({ "pytorch_model.bin": bin })).toMatchObject({ file: "pytorch_model.bin" });
    expect(await read({})).toBeUndefined();
  });

  it("are put together from pieces", async () => {
    const { tensors } = (await read(pieces))!;
    expect([...tensors].map(([name, tensor]) => [name, toFloat32(tensor)!.values[0]])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("in pieces are named where one is missing, lacks what it should hold, or lies elsewhere", async () => {
    const { "model-2.safetensors": _, ...short } = pieces;
    expect(await problem(short)).toBe(`m/${index} speaks of model-2.safetensors, which is not there`);
    expect(await problem({ ...pieces, "model-2.safetensors": one("c", 2) })).toBe(
      `m/${index} says that model-2.safetensors holds b, which it does not`,
    );
    for (const wrong of ["{", [], { weight_map: [] }, { weight_map: { a: "../secret.bin" } }, { weight_map: { a: 1 } }])
      expect(await problem({ ...pieces, [index]: wrong })).toBe(
        `m/${index} has no weight_map from the names of tensors to files beside it`,
      );
  });

  it("that are pointers of Git LFS are named as that", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    const message = "m/pytorch_model.bin is a pointer of Git LFS, not the file itself";
    expect(await problem({ "pytorch_model.bin": pointer })).toBe(message);
    expect(await problem({ ...pieces, "model-2.safetensors": pointer })).toMatch(
      /^m\/model-2\.safetensors is a pointer/,
    );
  });

  it("end in tensors or in a ModelProblem, whatever bytes of a safetensors file are changed or cut off", () => {
    const whole = readFileSync(`${golden}electra/model.safetensors`);
    const headerBytes = 8 + whole.readUInt32LE(0);
    const flip = fc.tuple(fc.nat({ max: headerBytes }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(flip, { maxLength: 3 }), fc.option(fc.nat({ max: whole.length })), (flips, length) => {
        const bytes = Uint8Array.from(whole.subarray(0, length ?? whole.length));
        for (const [at, mask] of flips) if (at < bytes.length) bytes[at]! ^= mask;
        try {
          for (const tensor of readSafetensors(bytes, "m").values()) toFloat32(tensor);
        } catch (error) {
          if (!(error instanceof ModelProblem)) throw error;
        }
      }),
      { numRuns: 1000, seed: 17 },
    );
  });
});
