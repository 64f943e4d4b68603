/** Whether this CPU has exact products of 8-bit numbers; what needs them is skipped elsewhere. */
import { check8Bit } from "../../src/engine/onnx/check8Bit.ts";

export const has8Bit = await check8Bit().then(
  () => true,
  (error: Error) => {
    console.warn(`skipped: ${error.message}`);
    return false;
  },
);
