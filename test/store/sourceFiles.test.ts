import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { TestClock } from "effect/testing";
import { sha256 } from "../../src/core/digest.ts";
import { SourceMissing } from "../../src/core/errors.ts";
import type { PathField } from "../../src/core/Graph.ts";
import { SourceFiles } from "../../src/core/SourceFiles.ts";
import { layerSourceFiles } from "../../src/store/sourceFiles.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const field = (root: string, written: string, more: Partial<PathField> = {}): PathField => ({
  field: "path",
  pattern: join(root, written),
  written,
  kind: "file",
  ...more,
});

const write = (root: string, files: { readonly [name: string]: string }) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
};

const resolve = (asked: PathField) => Effect.flatMap(SourceFiles, (files) => files.resolve("corpus", asked));
const recheck = (asked: PathField, files: Parameters<SourceFiles["Service"]["recheck"]>[1]) =>
  Effect.flatMap(SourceFiles, (source) => source.recheck([asked], files));

const names = (root: string, asked: Partial<PathField> & { readonly written: string }) =>
  Effect.map(resolve(field(root, asked.written, asked)), (files) => files.map((file) => file.name));

describe("SourceFiles", () => {
  it.effect("gives a file with the sha256 of its content", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      write(root, { "a.txt": "hello" });
      assert.deepStrictEqual(yield* resolve(field(root, "a.txt")), [
        {
          name: "a.txt",
          path: join(root, "a.txt"),
          digest: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
          sizeBytes: 5,
        },
      ]);
    }).pipe(Effect.provide(layerSourceFiles())),
  );

  it.effect("expands a pattern in code-unit order, without hidden files and folders", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      write(root, { "b.txt": "", "a.txt": "", "Z.txt": "", "ä.txt": "", ".c.txt": "", "d.tsv": "", "sub/e.txt": "" });
      assert.deepStrictEqual(yield* names(root, { written: "*.txt" }), ["Z.txt", "a.txt", "b.txt", "ä.txt"]);
      assert.deepStrictEqual(yield* names(root, { written: "**/[ae].txt" }), ["a.txt", "sub/e.txt"]);
    }).pipe(Effect.provide(layerSourceFiles())),
  );

  it.effect("takes a name that exists for what it says, even if it looks like a pattern", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      write(root, { "data[1].txt": "x", "data1.txt": "y" });
      assert.deepStrictEqual(yield* names(root, { written: "data[1].txt" }), ["data[1].txt"]);
    }).pipe(Effect.provide(layerSourceFiles())),
  );

  it.effect("gives all files of a folder, or the ones that are read, and survives a link to itself", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      write(root, { "m/config.json": "{}", "m/1_Pooling/config.json": "{}", "m/README.md": "", "m/.git/x": "" });
      symlinkSync(join(root, "m"), join(root, "m", "loop"));
      const folder = { written: "m", kind: "folder" } as const;
      assert.deepStrictEqual(yield* names(root, folder), ["1_Pooling/config.json", "README.md", "config.json"]);
      const only = ["config.json", "vocab.txt", "1_Pooling/config.json"];
      assert.deepStrictEqual(yield* names(root, { ...folder, only }), ["1_Pooling/config.json", "config.json"]);
    }).pipe(Effect.provide(layerSourceFiles())),
  );

  it.effect("gives of several forms of one thing the first that is there, with all that belongs to it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const only = ["config.json"];
      const firstOf = [[["model.bin"], ["index.json", "model-*.bin"], ["old.bin"]]];
      const folder = { written: "m", kind: "folder", only, firstOf } as const;
      write(root, { "m/config.json": "{}", "m/old.bin": "", "m/model-2.bin": "", "m/model-1.bin": "" });
      assert.deepStrictEqual(yield* names(root, folder), ["config.json", "old.bin"]);
      write(root, { "m/index.json": "{}" });
      assert.deepStrictEqual(yield* names(root, folder), ["config.json", "index.json", "model-1.bin", "model-2.bin"]);
      write(root, { "m/model.bin": "" });
      assert.deepStrictEqual(yield* names(root, folder), ["config.json", "model.bin"]);
    }).pipe(Effect.provide(layerSourceFiles())),
  );

  for (const [written, kind, message, hint] of [
    ["nowhere.txt", "file", "is not there", "looked"],
    ["*.csv", "file", "matches no file", "looked"],
    ["full", "file", "is a folder where a file is wanted", "Name a file in it, or all of them: full/*."],
    ["a.txt", "folder", "is a file where a folder is wanted", "Name the folder it lies in."],
    ["empty", "folder", "is a folder without files", "looked"],
  ] as const) {
    it.effect(`says that ${written} ${message}`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        write(root, { "a.txt": "x", "full/b.txt": "y" });
        mkdirSync(join(root, "empty"));
        const error = yield* Effect.flip(resolve(field(root, written, { kind })));
        const looked = `It was looked for at ${join(root, written)}.`;
        assert.instanceOf(error, SourceMissing);
        assert.strictEqual(error.message, `step corpus, path: ${written} ${message}.`);
        assert.strictEqual(error.hint, hint === "looked" ? looked : hint);
      }).pipe(Effect.provide(layerSourceFiles())),
    );
  }

  const change: { readonly [how: string]: (path: string) => void } = {
    "is edited": (path) => writeFileSync(path, "other"),
    "is edited to the same length with its time kept": (path) => {
      writeFileSync(path, "HELLO");
      utimesSync(path, 1_600_000_000, 1_600_000_000);
    },
    "is edited and edited back": (path) => {
      writeFileSync(path, "other");
      writeFileSync(path, "hello");
      utimesSync(path, 1_600_000_000, 1_600_000_000);
    },
    "is removed": (path) => rmSync(path),
  };
  for (const [how, edit] of Object.entries(change)) {
    it.effect(`has moved when it ${how}`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        const path = join(root, "a.txt");
        write(root, { "a.txt": "hello", "b.txt": "stays" });
        utimesSync(path, 1_600_000_000, 1_600_000_000);
        const files = yield* resolve(field(root, "*.txt"));
        assert.deepStrictEqual(yield* recheck(field(root, "*.txt"), files), []);
        edit(path);
        assert.deepStrictEqual(yield* recheck(field(root, "*.txt"), files), [path]);
      }).pipe(Effect.provide(layerSourceFiles())),
    );
  }

  it.effect("have moved when one comes to be among them, or takes the place of one that stays", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      write(root, { "m/old.bin": "old", "m/a.txt": "a" });
      const [glob, folder] = [field(root, "m/*.txt"), field(root, "m", { kind: "folder" })];
      const chosen = field(root, "m", { kind: "folder", only: [], firstOf: [[["new.bin"], ["old.bin"]]] });
      for (const [asked, name, moved] of [
        [glob, "m/b.txt", ["m/b.txt"]],
        [folder, "m/c.json", ["m/c.json"]],
        [chosen, "m/new.bin", ["m/old.bin", "m/new.bin"]],
      ] as const) {
        const files = yield* resolve(asked);
        assert.deepStrictEqual(yield* recheck(asked, files), []);
        write(root, { [name]: "new" });
        const paths = moved.map((each) => join(root, each));
        assert.deepStrictEqual(yield* recheck(asked, files), paths);
      }
    }).pipe(Effect.provide(layerSourceFiles())),
  );

  // The file system stamps change times with its own clock, which a test cannot set: edits land within one tick of it.
  for (const [clock, nowMs] of [
    ["is right", () => Date.now()],
    ["stands still in the past", () => 0],
    ["runs far ahead", () => Date.now() + 1e9],
  ] as const) {
    it.effect(`sees every edit, across processes, while the clock ${clock}`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder;
        const path = join(root, "a.txt");
        for (let i = 0; i < 30; i++) {
          yield* TestClock.setTime(nowMs());
          writeFileSync(path, `text ${i % 10}`);
          const digests: Array<string> = [];
          for (const _ of ["one process", "and the next"]) {
            const files = yield* Effect.provide(resolve(field(root, "a.txt")), layerSourceFiles(join(root, "cache")));
            digests.push(files[0]!.digest);
          }
          assert.deepStrictEqual(digests, [sha256(`text ${i % 10}`), sha256(`text ${i % 10}`)]);
        }
      }),
    );
  }

  it.effect("hashes a file that was left alone once for many processes", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      write(root, { "a.txt": "hello" });
      const once = Effect.provide(resolve(field(root, "a.txt")), layerSourceFiles(join(root, "cache")));
      yield* TestClock.setTime(Date.now() + 60_000);
      const first = yield* once;
      // Its digest is now kept: put another one under the same stamp, to see that the shortcut is what answers.
      const kept = join(root, "cache", "source-digests.json");
      const text = (yield* Effect.promise(() => import("node:fs/promises").then((fs) => fs.readFile(kept, "utf8"))))
        .slice(65)
        .replace(first[0]!.digest, "f".repeat(64));
      writeFileSync(kept, `${sha256(text)}\n${text}`);
      assert.strictEqual((yield* once)[0]!.digest, "f".repeat(64));
      writeFileSync(kept, `${sha256(text)}\n${text.replaceAll("f", "0")}`);
      assert.strictEqual((yield* once)[0]!.digest, first[0]!.digest);
    }),
  );
});
