/** All operations of our own; importing this registers their gradients, and those of tfjs's own, with tfjs. */
import "../gradients/index.ts";

export { activate } from "./activation.ts";
export { erfGate, geluScale } from "./gelu.ts";
export { gatherJoined, gatherParts, permuteRows } from "./gather.ts";
export { layerNorm } from "./layerNorm.ts";
export { logSoftmax } from "./logSoftmax.ts";
export { linear, scaledMatMul } from "./matMul.ts";
export { maskScale } from "./maskScale.ts";
export { maskedSoftmax } from "./maskedSoftmax.ts";
