/** Files of any size: Node's own `readFile` refuses what is larger than 2 GiB, and large models are. */
import { open } from "node:fs/promises";

const pieceBytes = 2 ** 30;

/** @throws the file system's own errors, and one with the code `EIO` where the file became shorter meanwhile */
export async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(pieceBytes, size - at), at);
      if (bytesRead === 0) throw Object.assign(new Error(`${path} became shorter while it was read`), { code: "EIO" });
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
