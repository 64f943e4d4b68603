/** Trainings in a process of their own: prints their digests. Argument: threads. */
import { trainedDigests } from "./trainedDigests.ts";

process.stdout.write(JSON.stringify(await trainedDigests(Number(process.argv[2]))));
