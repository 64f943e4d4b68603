/** A variant, whose base lies in another folder, written out whole: by `plan --resolved`, and by `branch`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workplace } from "./pipelineCommand.ts";

/** Its settings name files deep inside. */
const stage = `import { defineStage, output, path, Schema, Sentences } from "tandem";
import { readFileSync } from "node:fs";
export default defineStage({
  name: "read-all",
  description: "One sentence a file.",
  config: Schema.Struct({ deep: Schema.Struct({ file: path("a file") }), many: Schema.optionalKey(Schema.Array(path("files"))) }),
  inputs: {},
  outputs: { sentences: output(Sentences, "their texts") },
  run: ({ files }) => ({ sentences: { texts: Object.values(files).flat().map((file) => readFileSync(file.path, "utf8")) } }),
});
`;

const base = `name: base
seed: 3
params: { dir: data, which: [1, 2] }
steps:
  texts: { uses: ./read-all.ts, with: { deep: { file: data/3.txt }, many: [data/1.txt, "\${params.dir}/2.txt"] } }
  each:
    matrix: { n: "\${params.which}", f: [data/1.txt, data/2.txt] }
    uses: ./read-all.ts
    with: { deep: { file: "data/\${matrix.n}.txt" }, many: ["\${matrix.f}", "\${params.dir}/\${matrix.n}.txt"] }
  shrink:
    repeat: 3
    carry: { rows: texts }
    steps:
      extra: { uses: ./read-all.ts, with: { deep: { file: "data/\${cycle}.txt" } } }
      fewer: { uses: sample, in: { from: rows }, with: { rows: 4 } }
    next: { rows: fewer }
  last: { uses: deduplicate, in: { from: "shrink[3].extra" } }
outputs: { rows: shrink.rows }
`;

const variant = `extends: ../base/base.yaml
params: { which: [1, 3] }
steps:
  texts: { with: { many: [mine.txt] } }
  shrink: { steps: { fewer: { with: { rows: 3 } } } }
`;

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  for (const folder of ["base/data", "variant", "elsewhere"])
    mkdirSync(join(place.folder, folder), { recursive: true });
  for (const n of [1, 2, 3]) place.file(`base/data/${n}.txt`, `line ${n}\n`);
  place.file("base/read-all.ts", stage);
  place.file("base/base.yaml", base);
  place.file("variant/mine.txt", "mine\n");
  place.file("variant/variant.yaml", variant);
});
afterAll(() => place.remove());

interface Planned {
  readonly steps: ReadonlyArray<{ readonly step: string; readonly fingerprint: string | null; readonly state: string }>;
}

async function keysOf(file: string): Promise<ReadonlyArray<string>> {
  const { stdout, stderr } = await place.run(["plan", file, "--json", "--cache", "cache"]);
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as Planned).steps.map(({ step, fingerprint }) => `${step} ${fingerprint}`);
}

it("has the same keys resolved, with the paths of its base wherever they stand", { timeout: 60_000 }, async () => {
  expect(await place.run(["run", "variant/variant.yaml", "--cache", "cache"])).toMatchObject({ code: 0 });
  const { stdout } = await place.run(["plan", "variant/variant.yaml", "--resolved"]);
  writeFileSync(join(place.folder, "variant/whole.yaml"), stdout);
  const keys = await keysOf("variant/variant.yaml");
  expect(keys).not.toContain(expect.stringContaining(" null"));
  expect(await keysOf("variant/whole.yaml")).toEqual(keys);
  expect(stdout).toContain(
    "  texts: { uses: ../base/read-all.ts, with: { deep: { file: ../base/data/3.txt }, many: [ mine.txt ] } }\n",
  );
});

it("is branched as a whole file, which shares what came before", { timeout: 60_000 }, async () => {
  const args = ["branch", "variant/variant.yaml", "--from", "shrink[2]", "--to", "elsewhere/b.yaml"];
  expect(await place.run([...args, "--set", "fewer.rows=1"])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("note: the branch stands by itself: what the file extends is written out in it"),
  });
  expect(readFileSync(join(place.folder, "elsewhere/b.yaml"), "utf8")).toBe(branched);
  const { stdout } = await place.run(["run", "elsewhere/b.yaml", "--cache", "cache", "--json"]);
  const ran = stdout.split("\n").flatMap((line) => /"event":"step.finished","step":"([^"]+)"/.exec(line)?.[1] ?? []);
  // In shrink2[1] `${cycle}` is 1: what is made of it is made anew, from what is there.
  expect(ran).toEqual(["shrink2[1].fewer", "last"]);
});

const branched = `# A branch of ../variant/variant.yaml after cycle 2 of shrink; what it shares with that file runs once.
name: variant
seed: 3
params: { dir: ../base/data, which: [ 1, 3 ] }
steps:
  texts: { uses: ../base/read-all.ts, with: { deep: { file: ../base/data/3.txt }, many: [ ../variant/mine.txt ] } }
  each:
    matrix: { n: "\${params.which}", f: [ data/1.txt, data/2.txt ] }
    uses: ../base/read-all.ts
    with:
      deep: { file: "../base/data/\${matrix.n}.txt" }
      many: [ "../base/\${matrix.f}", "\${params.dir}/\${matrix.n}.txt" ]
  shrink:
    repeat: 2
    carry: { rows: texts }
    steps:
      extra: { uses: ../base/read-all.ts, with: { deep: { file: "../base/data/\${cycle}.txt" } } }
      fewer: { uses: sample, in: { from: rows }, with: { rows: 3 } }
    next: { rows: fewer }
  # Goes on from cycle 2 of shrink, with fewer.rows: 1.
  shrink2:
    repeat: 1
    carry: { rows: shrink.rows }
    steps:
      extra: { uses: ../base/read-all.ts, with: { deep: { file: "../base/data/\${cycle}.txt" } } }
      fewer: { uses: sample, in: { from: rows }, with: { rows: 1 } }
    next: { rows: fewer }
  last: { uses: deduplicate, in: { from: "shrink2[1].extra" } }
outputs: { rows: shrink2.rows }
`;
