/** What makes two encoders give the same embeddings, as one digest: whether they came from a cache or from a folder. */
import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { BiEncoder } from "../nn/EncoderModel.ts";
import { headSpecs } from "../nn/parameters.ts";

/** sha256 over shape, pooling, tokenizer and weights; rates of dropout and the head that writes change no embedding and are left out. */
export function modelIdentity({ config, weights, tokenizer, pooling, normalize, maxTokens, dense }: BiEncoder): string {
  const { hiddenDropout: _, attentionDropout: __, classifierDropout: ___, dropHead: ____, ...shape } = config;
  const hash = createHash("sha256").update(
    canonicalJson({
      shape,
      tokenizer,
      pooling,
      normalize,
      maxTokens,
      ...(dense === undefined ? {} : { dense }),
    } as unknown as Json),
  );
  const writing = new Set(headSpecs(config, "mlm").map(({ name }) => name));
  for (const name of [...weights.keys()].filter((each) => !writing.has(each)).sort()) {
    const { values } = weights.get(name)!;
    hash.update(`\n${name}\n`).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
