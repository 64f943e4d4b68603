/**
 * Zip archives whose entries are stored uncompressed, which is what `torch.save` writes. Where entries lie is read from the
 * directory at the archive's end, every place is checked against the file's length, and every content against its checksum: a
 * cut or damaged file must not become weights.
 *
 * Source: PKWARE's APPNOTE 6.3, sections 4.3.7 (entry), 4.3.12 (directory), 4.3.14–4.3.16 (its end), 4.5.3 (64-bit sizes).
 */
import { crc32 } from "node:zlib";
import { ModelProblem } from "./ModelProblem.ts";

const signatures = {
  entry: 0x04034b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
};
const endBytes = 22;
const longestComment = 0xffff;
/** In a field of 32 or 16 bits: the true number is elsewhere, in 64 bits. */
const elsewhere = { bits32: 0xffffffff, bits16: 0xffff };
const encryptedFlag = 1;

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly checksum: number;
  /** Where its own header begins. */
  readonly at: number;
}

/**
 * Name → content, sharing the memory of `bytes`.
 *
 * @throws ModelProblem naming `path` and what is wrong: cut short, damaged, compressed, encrypted
 */
export function readStoredZip(bytes: Uint8Array, path: string): ReadonlyMap<string, Uint8Array> {
  const zip = new ZipBytes(bytes, path);
  const entries = readDirectory(zip);
  // torch.serialization.set_crc32_options(False) leaves all checksums out.
  const hasChecksums = entries.some(({ checksum }) => checksum !== 0);
  const contents = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (contents.has(entry.name)) throw zip.damaged(`it has two entries named ${JSON.stringify(entry.name)}`);
    const content = readContent(zip, entry);
    if (hasChecksums && crc32(content) !== entry.checksum)
      throw zip.damaged(`the checksum of its entry ${JSON.stringify(entry.name)} does not fit`);
    contents.set(entry.name, content);
  }
  return contents;
}

/** A file's bytes, read only within its length. */
class ZipBytes {
  readonly length: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly path: string;

  constructor(bytes: Uint8Array, path: string) {
    this.bytes = bytes;
    this.length = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.path = path;
  }

  damaged(what: string): ModelProblem {
    return new ModelProblem(
      this.path,
      `${this.path} is damaged or cut short: ${what}`,
      "fetch the file again, or save the model again with save_pretrained",
    );
  }

  uint16(at: number): number {
    this.check(at, 2);
    return this.view.getUint16(at, true);
  }

  uint32(at: number): number {
    this.check(at, 4);
    return this.view.getUint32(at, true);
  }

  /** Beyond 2^53 it is not exact, and no place in a file either. */
  uint64(at: number): number {
    this.check(at, 8);
    return Number(this.view.getBigUint64(at, true));
  }

  slice(at: number, size: number): Uint8Array {
    this.check(at, size);
    return this.bytes.subarray(at, at + size);
  }

  text(at: number, size: number): string {
    return Buffer.from(this.slice(at, size)).toString("utf8");
  }

  private check(at: number, size: number): void {
    if (!(at >= 0 && size >= 0 && at + size <= this.length))
      throw this.damaged(`something of ${size} bytes should be at ${at}, and the file has ${this.length}`);
  }
}

function readDirectory(zip: ZipBytes): ReadonlyArray<Entry> {
  const { count, start } = findDirectory(zip);
  const entries: Array<Entry> = [];
  let at = start;
  // Each entry takes at least 46 bytes of the file, so a count made up ends at the file's end.
  for (let i = 0; i < count; i++) {
    if (zip.uint32(at) !== signatures.directory) throw zip.damaged(`its directory has no entry at ${at}`);
    const [nameBytes, extraBytes, commentBytes] = [zip.uint16(at + 28), zip.uint16(at + 30), zip.uint16(at + 32)];
    const name = zip.text(at + 46, nameBytes);
    if ((zip.uint16(at + 8) & encryptedFlag) !== 0 || zip.uint16(at + 10) !== 0)
      throw zip.damaged(`its entry ${JSON.stringify(name)} is compressed or encrypted, which PyTorch never does`);
    entries.push({ name, checksum: zip.uint32(at + 16), ...sizeAndPlace(zip, at, at + 46 + nameBytes, extraBytes) });
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

/** The end of the directory is the last thing in the file but for a comment; in large archives 64-bit numbers precede it. */
function findDirectory(zip: ZipBytes): { readonly count: number; readonly start: number } {
  let end = zip.length - endBytes;
  const first = Math.max(0, end - longestComment);
  while (end >= first && !(zip.uint32(end) === signatures.end && end + endBytes + zip.uint16(end + 20) === zip.length))
    end--;
  if (end < first) throw zip.damaged("it has no directory at its end");
  const [count, start] = [zip.uint16(end + 10), zip.uint32(end + 16)];
  if (count !== elsewhere.bits16 && start !== elsewhere.bits32) return { count, start };
  const locator = end - 20;
  if (locator < 0 || zip.uint32(locator) !== signatures.locator) return { count, start };
  const end64 = zip.uint64(locator + 8);
  if (zip.uint32(end64) !== signatures.end64) throw zip.damaged("the 64-bit end of its directory is not where it says");
  return { count: zip.uint64(end64 + 32), start: zip.uint64(end64 + 48) };
}

/** Sizes and place of an entry of the directory; those that do not fit into 32 bits are in its extra field of kind 1. */
function sizeAndPlace(zip: ZipBytes, at: number, extra: number, extraBytes: number) {
  let [packed, size, place] = [zip.uint32(at + 20), zip.uint32(at + 24), zip.uint32(at + 42)];
  let field = extra;
  while (field + 4 <= extra + extraBytes && zip.uint16(field) !== 1) field += 4 + zip.uint16(field + 2);
  let next = field + 4;
  const wide = (narrow: number): number => {
    if (narrow !== elsewhere.bits32) return narrow;
    if (next + 8 > extra + extraBytes) throw zip.damaged("a 64-bit size is missing from its directory");
    next += 8;
    return zip.uint64(next - 8);
  };
  size = wide(size);
  packed = wide(packed);
  place = wide(place);
  if (packed !== size)
    throw zip.damaged("the sizes of an entry differ, which they never do where it is stored as it is");
  return { size, at: place };
}

function readContent(zip: ZipBytes, { at, size, name }: Entry): Uint8Array {
  if (zip.uint32(at) !== signatures.entry) throw zip.damaged(`its entry ${JSON.stringify(name)} is not at ${at}`);
  return zip.slice(at + 30 + zip.uint16(at + 26) + zip.uint16(at + 28), size);
}
