/**
 * P9: inputs that move while a step that reads them waits at a chosen place. It fails and says why, nothing is published, and the next
 * run reads what is there then.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { assert } from "vitest";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { contentDigest } from "../../src/core/digest.ts";
import type { Graph, PathField } from "../../src/core/Graph.ts";
import { inWorker } from "./fakeStages.ts";
import { graphOf } from "./graphs.ts";
import { dawdle, heed, isAt, open, places, type Place } from "./movingInputs.ts";
import { pause } from "./processes.ts";
import { bytesOf } from "./records.ts";
import { finalDigests, folderRig, runEvents } from "./runEvents.ts";
import { randomOf } from "./toil.ts";

/** How the step names what it reads: one file, a pattern, a folder, a symbolic link to a file. */
const forms = ["file", "glob", "folder", "link"] as const;
type Form = (typeof forms)[number];

const longAgo = 1_600_000_000;
const overwrite = (path: string, text: string) => {
  writeFileSync(path, text);
  utimesSync(path, longAgo, longAgo);
};

interface Edit {
  readonly forms: ReadonlyArray<Form>;
  /** @param base the folder around the one that is read */
  readonly make: (base: string) => void;
}

const edits: { readonly [name: string]: Edit } = {
  "is rewritten": { forms, make: (base) => writeFileSync(join(base, "in/a.txt"), "another text") },
  "is rewritten to the same size, its time put back": {
    forms,
    make: (base) => overwrite(join(base, "in/a.txt"), "first".toUpperCase()),
  },
  "is rewritten and put back": {
    forms,
    make: (base) => ["other", "first"].forEach((text) => overwrite(join(base, "in/a.txt"), text)),
  },
  "is replaced by one of the same size and time": {
    forms,
    make: (base) => {
      overwrite(join(base, "new"), "FIRST");
      renameSync(join(base, "new"), join(base, "in/a.txt"));
    },
  },
  "goes away": { forms, make: (base) => rmSync(join(base, "in/a.txt")) },
  "loses its neighbour": { forms: ["glob", "folder"], make: (base) => rmSync(join(base, "in/b.txt")) },
  "gains a neighbour": { forms: ["glob", "folder"], make: (base) => overwrite(join(base, "in/c.txt"), "third") },
  "is no longer what the link leads to": {
    forms: ["link"],
    make: (base) => {
      overwrite(join(base, "new"), "FIRST");
      rmSync(join(base, "link"));
      symlinkSync(join(base, "new"), join(base, "link"));
    },
  },
};

const placedAt = (base: string, form: Form): PathField => ({
  field: "path",
  pattern: join(base, { file: "in/a.txt", glob: "in/*.txt", folder: "in", link: "link" }[form]),
  written: form,
  kind: form === "folder" ? "folder" : "file",
});

/** What the step has to give, of the files as they are. */
function contentOf(base: string, form: Form): string {
  if (form === "file") return readFileSync(join(base, "in/a.txt"), "utf8");
  if (form === "link") return readFileSync(join(base, "link"), "utf8");
  const names = readdirSync(join(base, "in")).sort();
  return names.map((name) => readFileSync(join(base, "in", name), "utf8")).join("");
}

interface Case {
  readonly edit: string;
  readonly form: Form;
  readonly place: Place;
  readonly isInWorker: boolean;
  /** Ahead of the file system's clock, so that what is known of files is trusted at once. */
  readonly hoursAhead: number;
}

/** Before the step begins, a file that is as its key says has not moved. */
const allCases: ReadonlyArray<Case> = Object.entries(edits).flatMap(([edit, { forms }]) =>
  forms.flatMap((form) =>
    places
      .filter((place) => !(place === "before" && edit === "is rewritten and put back"))
      .flatMap((place) =>
        [false, true].flatMap((isInWorker) =>
          [0, 1].map((hoursAhead) => ({ edit, form, place, isInWorker, hoursAhead })),
        ),
      ),
  ),
);

/** @param moves how many: of all combinations in a random order, then from the first again */
export async function moveInputs(folder: string, moves: number, seed: number) {
  const counts = { moves: 0, before: 0, start: 0, middle: 0, end: 0, inWorkers: 0 };
  const random = randomOf(seed);
  const inTurn = allCases.map((each) => [random(), each] as const).sort(([a], [b]) => a - b);
  for (let i = 0; i < moves; i++) {
    const [, each] = inTurn[i % inTurn.length]!;
    await moveOnce(mkdtempSync(join(folder, "moved-")), each);
    counts.moves++;
    counts[each.place]++;
    if (each.isInWorker) counts.inWorkers++;
  }
  return { ...counts, combinations: Math.min(moves, allCases.length) };
}

async function moveOnce(base: string, { edit, form, place, isInWorker, hoursAhead }: Case): Promise<void> {
  const told = `${form}, ${place}${isInWorker ? ", in a worker" : ""}, ${hoursAhead} h ahead: it ${edit}`;
  for (const name of ["in", "gates"]) mkdirSync(join(base, name));
  overwrite(join(base, "in/a.txt"), "first");
  overwrite(join(base, "in/b.txt"), "second");
  symlinkSync(join(base, "in/a.txt"), join(base, "link"));
  const gates = join(base, "gates");
  for (const other of places) if (other !== place) open(gates, other);
  const graph = graphOf([
    { id: "first", uses: dawdle, with: { gates } },
    {
      id: "reader",
      uses: isInWorker ? inWorker(heed) : heed,
      with: { path: form, gates },
      in: { after: "first" },
      paths: [placedAt(base, form)],
    },
  ]);
  const running = runOn(base, graph, hoursAhead);
  while (!isAt(gates, place)) await pause(1);
  edits[edit]!.make(base);
  open(gates, place);
  const { summary, recorded } = await running;
  const [failure] = summary.failures;
  assert.deepInclude(failure, { step: "reader" }, told);
  assert.strictEqual(failure!.error.cause, "inputs-moved", `${told}\n${failure!.error.message}`);
  assert.match(failure!.error.message, /changed while reader was running; nothing of it was cached\.$/);
  assert.deepStrictEqual(recorded, ["dawdle"], told);
  if (!existsSync(join(base, "in/a.txt"))) overwrite(join(base, "in/a.txt"), "again");
  for (const words of [
    ["hit first", "start reader", "finish reader", "succeeded"],
    ["hit first", "hit reader", "succeeded"],
  ]) {
    const next = await runOn(base, graph, hoursAhead);
    assert.deepStrictEqual(next.words, words, told);
    const digest = contentDigest(bytesOf(contentOf(base, form)));
    assert.deepStrictEqual(finalDigests(next.events)["reader"], { text: digest }, told);
  }
}

/** As a process of its own would, on what the one before left. */
const runOn = (base: string, graph: Graph, hoursAhead: number) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    const ahead = Object.assign(Object.create(clock) as Clock.Clock, {
      currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + 3_600_000 * hoursAhead,
    });
    return yield* Effect.gen(function* () {
      const ended = yield* runEvents(graph);
      const records = yield* (yield* ArtifactStore).records;
      return { ...ended, recorded: records.map(({ parts }) => parts.stage.name).sort() };
    }).pipe(Effect.provide(folderRig(join(base, "cache"))), Effect.provideService(Clock.Clock, ahead));
  }).pipe(Effect.runPromise);
