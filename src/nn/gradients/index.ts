/**
 * Importing this gives tfjs's kernels their gradients. tfjs-core's bundle for Node leaves its own out (they come with the
 * packages for browsers), so those that models and losses need are here, shaped for a graph: slopes are computed only where asked
 * for, and broadcasts are left to the engine.
 */
import "./elementwise.ts";
import "./reduction.ts";
import "./structure.ts";
