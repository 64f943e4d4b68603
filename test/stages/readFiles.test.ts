/** `read-sentences` and `read-pairs`: what they take, and what they say of files they do not take. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Pairs } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import readPairs from "../../stages/read-pairs.ts";
import readSentences from "../../stages/read-sentences.ts";
import { runStage, sourceFile, stageFailure } from "./runStage.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-read-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array) {
  writeFileSync(join(folder, name), content);
  return sourceFile(join(folder, name));
}

const sentencesOf = (...files: ReadonlyArray<ReturnType<typeof file>>) => ({
  config: { path: "*.txt" },
  files: { path: files },
});

interface Failure {
  readonly path?: string;
  readonly line?: number;
  readonly message: string;
  readonly hint?: string;
}

/** `line: message` of the failure, and the file it names; each says what to do. */
const placed = (failure: Failure) => {
  expect(failure.hint).toBeTruthy();
  return `${failure.path?.replace(`${folder}/`, "")}${failure.line === undefined ? "" : `:${failure.line}`}: ${failure.message}`;
};

const sentencesProblem = async (content: string | Uint8Array): Promise<string> =>
  placed(await stageFailure(readSentences, sentencesOf(file("bad.txt", content))));

describe("read-sentences", () => {
  it("gives the lines of all files in order, without blanks around them and without empty lines", async () => {
    const one = file("a.txt", "\ufeffFirst.\r\n\r\n  Second one. \n");
    const other = file("b.txt", "Third, ohne Zeilenende 🙂");
    const { sentences } = await runStage(readSentences, sentencesOf(one, other));
    expect(sentences.texts).toEqual(["First.", "Second one.", "Third, ohne Zeilenende 🙂"]);
  });

  it("names a file that is empty, and the line that is no text", async () => {
    expect(await sentencesProblem("")).toBe("bad.txt: the file is empty");
    expect(await sentencesProblem("\n \n")).toBe("bad.txt: there are only empty lines in it");
    expect(await sentencesProblem("fine\nnot\0fine\n")).toBe("bad.txt:2: a NUL character: this is not a text file");
    expect(await sentencesProblem(Buffer.from("fine\nü\ncaf\xe9\n", "latin1"))).toBe(
      "bad.txt:2: bytes that are not UTF-8",
    );
  });
});

const header = "sentence1\tsentence2\tscore\tsource\n";
const pairsOf = (...files: ReadonlyArray<ReturnType<typeof file>>) => ({
  config: { path: "*.tsv" },
  files: { path: files },
});

const pairsProblem = async (content: string): Promise<string> =>
  placed(await stageFailure(readPairs, pairsOf(file("bad.tsv", content))));

describe("read-pairs", () => {
  it("gives the pairs of all files with their scores and the names of their sets", async () => {
    const one = file("sts12.tsv", `${header}A "b\tC\t4.400\tx\r\nD\tE \t0\tx\n`);
    const other = file("sick-dev.tsv", "score\tsentence2\tsentence1\n1e0\tG\tF\n");
    const { pairs, gold } = await runStage(readPairs, pairsOf(one, other));
    expect(pairs).toEqual({ a: ['A "b', "D", "F"], b: ["C", "E", "G"] });
    expect(gold).toEqual({
      pairs: contentDigest(await Pairs.encode(pairs)),
      scores: Float64Array.of(4.4, 0, 1),
      sets: ["sts12", "sts12", "sick-dev"],
    });
  });

  it("gives gold without scores where a file has no score column", async () => {
    const one = file("plain.tsv", "sentence1\tsentence2\nA\tB\n");
    const other = file("scored.tsv", `${header}C\tD\t1\tx\n`);
    const { gold } = await runStage(readPairs, pairsOf(one, other));
    expect([gold.scores.length, gold.sets]).toEqual([0, ["plain", "scored"]]);
  });

  it("reads the files that are named from a folder, in the order named", async () => {
    const files = ["a", "b", "c"].map((name) => file(`${name}.tsv`, `${header}${name}\t${name}\t1\tx\n`));
    const given = { config: { folder: "data", names: ["c", "a"] }, files: { folder: files } };
    const { pairs, gold } = await runStage(readPairs, given);
    expect([pairs.a, gold.sets]).toEqual([
      ["c", "a"],
      ["c", "a"],
    ]);
  });

  it("names what is missing in a folder", async () => {
    const given = {
      config: { folder: "data", names: ["sts12", "sts99"] },
      files: { folder: [file("sts12.tsv", header)] },
    };
    expect((await stageFailure(readPairs, given)).message).toBe("data has no sts99.tsv");
  });

  it("names file and line of what is wrong", async () => {
    expect(await pairsProblem("")).toBe("bad.tsv: the file is empty");
    expect(await pairsProblem(header)).toBe("bad.tsv: there is no pair after the header");
    expect(await pairsProblem("sentence1\tscore\nA\t1\n")).toBe(
      "bad.tsv:1: the header lacks the column sentence2: it has sentence1, score",
    );
    expect(await pairsProblem("a\tb\n")).toBe(
      "bad.tsv:1: the header lacks the column sentence1 and sentence2: it has a, b",
    );
    expect(await pairsProblem(`${header}A\tB\t1\tx\nC\tD\t2\n`)).toBe("bad.tsv:3: 3 fields where the header has 4");
    expect(await pairsProblem(`${header}A\t \t1\tx\n`)).toBe("bad.tsv:2: sentence2 is empty");
    expect(await pairsProblem(`${header}A\tB\tgood\tx\n`)).toBe('bad.tsv:2: score is "good", not a number');
    expect(await pairsProblem(`${header}A\tB\tNaN\tx\n`)).toBe('bad.tsv:2: score is "NaN", not a number');
    expect(await pairsProblem(`${header}A\tB\t1\tx\nA\tB\t\tx\n`)).toBe("bad.tsv:3: score is empty");
  });
});

describe("read-pairs with settings", () => {
  const labelled = "sentence1\tsentence2\tlabel\tsource\nA dog runs.\tIt's a dog\tentailment\tx\nB\tC\tneutral\ty\n";
  const read = (config: object) => {
    const { files } = pairsOf(file("labelled.tsv", labelled));
    return { config: { path: "*.tsv", ...config }, files };
  };

  it("reads classes by their names, the parts of a set, and texts in Moses' form", async () => {
    const config = {
      scoreColumn: "label",
      classes: ["neutral", "entailment"],
      subsetColumn: "source",
      textForm: "moses-lower",
    };
    const { pairs, gold } = await runStage(readPairs, read(config));
    expect(pairs).toEqual({ a: ["a dog runs .", "b"], b: ["it 's a dog", "c"] });
    expect(gold).toMatchObject({
      scores: Float64Array.of(1, 0),
      subsets: ["x", "y"],
      classes: ["neutral", "entailment"],
    });
  });

  it("names the class that is not listed, and the column that is not there", async () => {
    const config = { scoreColumn: "label", classes: ["neutral", "contradiction"] };
    expect(placed(await stageFailure(readPairs, read(config)))).toBe('labelled.tsv:2: label is "entailment"');
    expect(placed(await stageFailure(readPairs, read({ scoreColumn: "grade" })))).toBe(
      "labelled.tsv:1: the header lacks the column grade: it has sentence1, sentence2, label, source",
    );
  });
});
