/**
 * An action record as a file: its canonical JSON, with the sha256 of that text as one more member at the end, so that a torn
 * or flipped record is known for what it is and read as no record at all.
 */
import type { ActionRecord } from "../core/ActionRecord.ts";
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import { sha256 } from "../core/digest.ts";

const tail = (digest: string): string => `,"sha256":"${digest}"}\n`;
const tailLength = tail("").length + 64;

export function encodeRecord(record: ActionRecord): Uint8Array {
  const text = canonicalJson(record as unknown as Json);
  return Buffer.from(text.slice(0, -1) + tail(sha256(text)));
}

/** Undefined where the bytes are not a whole record, or not of that fingerprint. */
export function decodeRecord(bytes: Buffer, fingerprint?: string): ActionRecord | undefined {
  const file = bytes.toString("utf8");
  const text = `${file.slice(0, -tailLength)}}`;
  if (file.slice(-tailLength) !== tail(sha256(text))) return undefined;
  // What fits its hash was written by `encodeRecord`, so it is trusted to be a record.
  const record = JSON.parse(text) as ActionRecord;
  return fingerprint === undefined || record.fingerprint === fingerprint ? record : undefined;
}
