#!/usr/bin/env node
/** `node bin/with-node.mjs CMD ARGS…`: runs a tool of node_modules/.bin (or `node` itself) on the Node that tandem needs. */
import { environmentWith, provideNodeOrLeave, runInOurPlace } from "./node22.mjs";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write("usage: node bin/with-node.mjs COMMAND [ARGUMENT…]\n");
  process.exit(2);
}
const node = provideNodeOrLeave();
runInOurPlace(command === "node" ? node : command, args, environmentWith(node));
