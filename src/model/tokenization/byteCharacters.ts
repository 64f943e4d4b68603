/** Bytes written as characters, one each, as byte-level BPE has its vocabulary: printable ones as themselves, others from U+0100 on. */

const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** Byte → character. */
const characters: ReadonlyArray<string> = Array.from({ length: 256 }, (_, byte) => {
  if (isPrintable(byte)) return String.fromCharCode(byte);
  const othersBefore = Array.from({ length: byte }, (_, before) => before).filter((before) => !isPrintable(before));
  return String.fromCharCode(0x100 + othersBefore.length);
});

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text, as characters. */
export function bytesAsCharacters(text: string): string {
  let result = "";
  for (const byte of encoder.encode(text)) result += characters[byte]!;
  return result;
}
