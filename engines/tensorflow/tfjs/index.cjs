/** The one tfjs of this process, put there by src/engine/tensorflow/loadBackend.ts: two copies would not see each other's backends. */
module.exports = globalThis[Symbol.for("tandem.tfjs-core")];
if (module.exports === undefined) throw new Error("tandem's tensorflow engine is loaded by tandem, not by itself.");
