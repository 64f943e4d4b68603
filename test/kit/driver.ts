/**
 * A whole run in a process of its own, to be killed by tests: prints its events in words, then the digests it ended with.
 * SIGUSR2 makes it exit at once, as a second Ctrl-C does the command line.
 */
import * as Effect from "effect/Effect";
import { inWorker, join, linger, say } from "./fakeStages.ts";
import { graphOf } from "./graphs.ts";
import { finalDigests, folderRig, inWords, runEvents } from "./runEvents.ts";

const graph = graphOf([
  { id: "first", uses: say, with: { words: "one" } },
  { id: "slow", uses: inWorker(linger), with: { words: "two", ms: 300 } },
  { id: "last", uses: inWorker(join), with: { between: "+" }, in: { parts: ["first", "slow"] } },
]);

process.on("SIGUSR2", () => process.exit(130));
const print = (line: string) => process.stdout.write(`${line}\n`);
const run = runEvents(graph, { onEvent: (event) => inWords([event]).forEach(print) });
const { events } = await Effect.runPromise(Effect.provide(run, folderRig(process.argv[2]!)));
print(JSON.stringify(finalDigests(events)));
