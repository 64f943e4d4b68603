/** `pytorch_model.bin`: what is read of it, what is refused, and that no damage ends in anything but a ModelProblem. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelProblem } from "../../src/model/ModelProblem.ts";
import { PickleProblem, readPickle } from "../../src/model/pickle.ts";
import { toFloat32 } from "../../src/model/StoredTensor.ts";
import { readTorchFile } from "../../src/model/torchFile.ts";

const recorded = readFileSync(
  fileURLToPath(new URL("../golden/architectures/distilbert/pytorch_model.bin", import.meta.url)),
);

/** A pickle by hand: texts are instructions as they are, numbers bytes, `{ text }` a string. */
type Part = string | number | { readonly text: string } | ReadonlyArray<Part>;

function bytesOf(part: Part): Buffer {
  if (typeof part === "string") return Buffer.from(part, "latin1");
  if (typeof part === "number") return Buffer.from([part]);
  if ("text" in part) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(part.text));
    return Buffer.concat([Buffer.from("X"), length, Buffer.from(part.text)]);
  }
  return Buffer.concat(part.map(bytesOf));
}
const pickle = (...parts: ReadonlyArray<Part>): Buffer => bytesOf([0x80, 2, parts, "."]);

const global = (module: string, name: string): string => `c${module}\n${name}\n`;
const rebuild = global("torch._utils", "_rebuild_tensor_v2");
const ordered = global("collections", "OrderedDict");
const int = (value: number): Part => ["K", value];
const tuple = (values: ReadonlyArray<number>): Part => ["(", values.map(int), "t"];

interface Drawn {
  readonly storage: string;
  readonly numbers: number;
  readonly offset: number;
  readonly shape: ReadonlyArray<number>;
  readonly strides: ReadonlyArray<number>;
}
function tensor({ storage, numbers, offset, shape, strides }: Drawn): Part {
  const kind = global("torch", "FloatStorage");
  const id = ["(", { text: "storage" }, kind, { text: storage }, { text: "cpu" }, int(numbers), "t", "Q"];
  return [rebuild, "(", id, int(offset), tuple(shape), tuple(strides), "\x89", ordered, ")", "R", "t", "R"];
}
const dictOf = (entries: { readonly [name: string]: Part }): Buffer =>
  pickle(
    "}",
    "(",
    Object.entries(entries).map(([name, part]): Part => [{ text: name }, part]),
    "u",
  );

/** A zip archive of stored entries, as torch writes it. */
function zip(entries: { readonly [name: string]: Uint8Array }, more: { method?: number; noChecksums?: boolean } = {}) {
  const pieces: Array<Buffer> = [];
  const directory: Array<Buffer> = [];
  let at = 0;
  for (const [name, content] of Object.entries(entries)) {
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(more.method ?? 0, 4);
    facts.writeUInt32LE(more.noChecksums === true ? 0 : crc32(content), 10);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), facts, Buffer.from(name), content]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\0\0"), facts, place, Buffer.from(name)]));
    pieces.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...pieces, listed, Buffer.from("PK\x05\x06"), end]);
}

const six = Buffer.from(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
const file = (data: Uint8Array, more: Parameters<typeof zip>[1] = {}, extra: { [name: string]: Uint8Array } = {}) =>
  zip({ "m/data.pkl": data, "m/byteorder": Buffer.from("little"), "m/data/0": six, ...extra }, more);

const valuesOf = (bytes: Uint8Array) =>
  Object.fromEntries(
    [...readTorchFile(bytes, "m.bin")].map(([name, stored]) => [name, [...toFloat32(stored)!.values]]),
  );

const message = (bytes: Uint8Array): string => {
  try {
    readTorchFile(bytes, "m.bin");
    return "accepted";
  } catch (error) {
    expect(error).toBeInstanceOf(ModelProblem);
    expect((error as ModelProblem).hint).toBeTruthy();
    return (error as Error).message;
  }
};

const whole: Drawn = { storage: "0", numbers: 6, offset: 0, shape: [2, 3], strides: [3, 1] };

describe("a file of PyTorch", () => {
  it("gives views of storages by offset and strides, several of one storage too", () => {
    const entries = {
      whole: tensor(whole),
      turned: tensor({ ...whole, shape: [3, 2], strides: [1, 3] }),
      tail: tensor({ ...whole, offset: 4, shape: [2], strides: [1] }),
      every: tensor({ ...whole, offset: 1, shape: [3], strides: [2] }),
      spread: tensor({ ...whole, offset: 5, shape: [2, 2], strides: [0, 0] }),
      scalar: tensor({ ...whole, offset: 2, shape: [], strides: [] }),
      empty: tensor({ ...whole, shape: [0, 3], strides: [3, 1] }),
      parameter: [global("torch._utils", "_rebuild_parameter"), "(", tensor(whole), "\x88", ordered, ")", "R", "tR"],
      version: int(7),
    };
    const wanted = {
      whole: [0, 1, 2, 3, 4, 5],
      turned: [0, 3, 1, 4, 2, 5],
      tail: [4, 5],
      every: [1, 3, 5],
      spread: [5, 5, 5, 5],
      scalar: [2],
      empty: [],
      parameter: [0, 1, 2, 3, 4, 5],
    };
    expect(valuesOf(file(dictOf(entries)))).toEqual(wanted);
    expect(valuesOf(file(dictOf(entries), { noChecksums: true }))).toEqual(wanted);
  });

  it("may be a dict of any kind, with attributes that are left out", () => {
    const items = [{ text: "w" }, tensor(whole)];
    const attributes = ["}", { text: "_metadata" }, ordered, ")", "R", "s", "b"];
    expect(valuesOf(file(pickle(ordered, ")", "R", "(", items, "u", attributes)))).toHaveProperty("w");
    expect(valuesOf(file(pickle(ordered, "]", "(", items, "\x86", "e", "\x85", "R")))).toHaveProperty("w");
  });

  it("is refused by the name of what it imports, before anything of it is done", () => {
    for (const [module, name] of [
      ["os", "system"],
      ["builtins", "eval"],
      ["numpy.core.multiarray", "_reconstruct"],
      ["torch", "load"],
    ] as const)
      expect(message(file(pickle(global(module, name), { text: "x" }, "\x85", "R")))).toBe(
        `m.bin asks to import ${module}.${name}, which no weights need; nothing of the file was run`,
      );
    const modern = [0x8c, 5, "posix", 0x8c, 6, "system", 0x93];
    expect(message(file(pickle(modern)))).toMatch(/asks to import posix\.system/);
    expect(message(file(pickle("(", "ios\nsystem\n")))).toMatch(/the instruction 0x69 at 3 has no place/);
  });

  it("is refused where a tensor reaches beyond its storage, or is made of something else", () => {
    const because = (drawn: Partial<Drawn>) => message(file(dictOf({ w: tensor({ ...whole, ...drawn }) })));
    const beyond = /a tensor of shape \[[\d, ]+\] reaches beyond its storage/;
    expect(because({ offset: 1 })).toMatch(beyond);
    expect(because({ strides: [4, 1] })).toMatch(beyond);
    expect(because({ shape: [255, 255], strides: [255, 255] })).toMatch(beyond);
    expect(because({ strides: [1] })).toMatch(/as many strides as it has no axes/);
    expect(because({ storage: "1" })).toMatch(/its storage "1" is not in the archive/);
    expect(message(file(pickle(rebuild, ")", "R")))).toMatch(/made of what is no storage, offset, shape and strides/);
    expect(message(file(pickle("}")))).toBe("m.bin holds no state dict: no tensors by their names");
  });

  it("of before 1.6, of another byte order or of another program is named as that", () => {
    const old = Buffer.concat([Buffer.from([0x80, 2, 0x8a, 10]), Buffer.alloc(40)]);
    expect(message(old)).toBe("m.bin has the format of PyTorch before 1.6, which is not read");
    expect(message(Buffer.from("hello"))).toMatch(/^m\.bin is not a file of PyTorch: it does not begin/);
    expect(message(zip({ "a.txt": six }))).toBe("m.bin is a zip archive, but not one of PyTorch: it has no data.pkl");
    expect(message(file(dictOf({ w: tensor(whole) }), {}, { "m/byteorder": Buffer.from("big") }))).toMatch(
      /highest byte/,
    );
    expect(message(file(dictOf({ w: tensor(whole) }), { method: 8 }))).toMatch(/"m\/data\.pkl" is compressed/);
  });

  it("with damaged numbers is told by its checksums", () => {
    const bytes = file(dictOf({ w: tensor(whole) }));
    bytes[bytes.indexOf(six) + 5]! ^= 1;
    expect(message(bytes)).toBe('m.bin is damaged or cut short: the checksum of its entry "m/data/0" does not fit');
  });
});

const wanted = new Map([...readTorchFile(recorded, "m.bin")].map(([name, stored]) => [name, toFloat32(stored)!]));

/** Either the problem said in words, or the values that were saved. */
function expectGuarded(bytes: Uint8Array): void {
  try {
    const tensors = readTorchFile(bytes, "m.bin");
    for (const [name, stored] of tensors) expect(toFloat32(stored)).toEqual(wanted.get(name));
    expect(tensors.size).toBe(wanted.size);
  } catch (error) {
    if (!(error instanceof ModelProblem)) throw error;
  }
}

describe("a damaged file of PyTorch", () => {
  /** Most of a file is numbers; the rest is where damage has many ways. */
  const directory = recorded.indexOf("PK\x01\x02");
  const place = fc.oneof(
    fc.nat({ max: recorded.length - 1 }),
    fc.integer({ min: directory, max: recorded.length - 1 }),
    fc.nat({ max: 6000 }),
  );

  it("gives the values that were saved or says what is wrong, whatever bytes are changed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        (flips) => {
          const bytes = Uint8Array.from(recorded);
          for (const [at, mask] of flips) bytes[at]! ^= mask;
          expectGuarded(bytes);
        },
      ),
      { numRuns: 400, seed: 14 },
    );
  });

  it("says what is wrong wherever it is cut", () => {
    fc.assert(
      fc.property(place, (length) => {
        expect(() => readTorchFile(recorded.subarray(0, length), "m.bin")).toThrow(ModelProblem);
      }),
      { numRuns: 200, seed: 15 },
    );
  });

  it("ends so with a pickle of any bytes, too, which checksums would else keep away", () => {
    const source = dictOf({ w: tensor(whole), v: tensor({ ...whole, shape: [3, 2], strides: [1, 3] }) });
    const anywhere = fc.tuple(fc.nat({ max: source.length - 1 }), fc.integer({ min: 0, max: 255 }));
    const changed = fc.array(anywhere, { minLength: 1, maxLength: 6 }).map((changes) => {
      const bytes = Buffer.from(source);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    const world = { global: () => null, call: () => null, persistent: () => null };
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          valuesOf(file(Buffer.from(bytes)));
        } catch (error) {
          if (!(error instanceof ModelProblem)) throw error;
        }
        try {
          readPickle(bytes, world);
        } catch (error) {
          if (!(error instanceof PickleProblem)) throw error;
        }
      }),
      { numRuns: 3000, seed: 16 },
    );
  });
});
