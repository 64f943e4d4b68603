import * as Effect from "effect/Effect";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findOutput } from "../../src/cli/findOutput.ts";
import { graphView } from "../../src/cli/graph/GraphView.ts";
import { layOut } from "../../src/cli/graph/layout.ts";
import { svgText } from "../../src/cli/graph/svg.ts";
import { dotText, mermaidText, treeText } from "../../src/cli/graph/texts.ts";
import { selectSteps } from "../../src/core/selectSteps.ts";
import { loadPipeline } from "../../src/spec/loadPipeline.ts";
import { stages } from "../../stages/index.ts";

const text = `name: small
steps:
  corpus: { uses: generate-corpus, with: { sentences: 9, pairs: 9 } }
  outer:
    repeat: 2
    carry: { rows: corpus.pairs }
    steps:
      half: { uses: sample, in: { from: rows }, with: { rows: 5 } }
      inner:
        repeat: 3
        carry: { again: half }
        steps:
          unique: { uses: deduplicate, in: { from: again } }
        next: { again: unique }
    next: { rows: inner.again }
`;
const folder = mkdtempSync(join(tmpdir(), "tandem-graph-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "a.yaml"), text);
const graph = Effect.runSync(loadPipeline({ file: "a.yaml", cwd: folder, sets: [], env: {}, stages }));
const folded = graphView(graph, false);

describe("the graph of a pipeline", () => {
  it("as a tree shows each step once, with where its inputs come from", () => {
    expect(treeText(folded)).toEqual([
      "small",
      "  corpus             generate-corpus",
      "  outer, 2 cycles",
      "    half             sample           from ← corpus.pairs, then inner.unique of the cycle before",
      "    inner, 3 cycles",
      "      unique         deduplicate      from ← outer.half, then unique of the cycle before",
    ]);
  });

  it("unrolled has every cycle as a group", () => {
    const lines = treeText(graphView(graph, true));
    expect(lines.slice(0, 9)).toEqual(
      [
        "small",
        "  corpus         generate-corpus",
        "  outer, 2 cycles",
        "    [1]",
        "      half       sample           from ← corpus.pairs",
        "      inner, 3 cycles",
        "        [1]",
        "          unique deduplicate      from ← outer[1].half",
        "        [2]",
      ].map((line) =>
        expect.stringMatching(
          new RegExp(`^${line.replaceAll(/[[\]]/g, "\\$&").replaceAll(/ {1,}/g, " +").replace(/^ \+/, " *")}$`),
        ),
      ),
    );
    expect(lines).toHaveLength(1 + 1 + 1 + 2 * (1 + 1 + 1 + 3 * 2));
  });

  it("is valid Mermaid and Graphviz in shape: groups close, edges join declared nodes, carried ones are dashed", () => {
    expect(mermaidText(folded)).toEqual([
      "flowchart LR",
      '  n1["corpus<br/><small>generate-corpus</small>"]',
      '  subgraph g1["outer, 2 cycles"]',
      '    n2["half<br/><small>sample</small>"]',
      '    subgraph g2["inner, 3 cycles"]',
      '      n3["unique<br/><small>deduplicate</small>"]',
      "    end",
      "  end",
      '  n1 -- "from" --> n2',
      '  n2 -- "from" --> n3',
      '  n3 -. "from, next cycle" .-> n3',
      '  n3 -. "from, next cycle" .-> n2',
    ]);
    const dot = dotText(folded);
    expect(dot[0]).toBe('digraph "small" {');
    expect(dot.join("").split("{")).toHaveLength(dot.join("").split("}").length);
    expect(dot).toContain('  n1 [label="corpus\\ngenerate-corpus"];');
    expect(dot).toContain('  n3 -> n2 [label="from", style=dashed, constraint=false];');
  });

  it("as SVG keeps every box inside its group and apart from its neighbours", () => {
    for (const isUnrolled of [false, true]) {
      const view = graphView(graph, isUnrolled);
      const { boxes, width, height } = layOut(view);
      const nodes = boxes.filter(({ child }) => "stage" in child);
      expect(nodes).toHaveLength(view.nodes.length);
      for (const box of boxes) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(height);
      }
      for (const a of nodes) {
        for (const b of nodes) {
          const apart =
            a === b || a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart, `${a.child.id} and ${b.child.id}`).toBe(true);
        }
      }
      for (const node of view.nodes) {
        const box = boxes.find(({ child }) => child.id === node.id)!;
        for (const id of node.groups) {
          const around = boxes.find(({ child }) => child.id === id)!;
          expect(box.x >= around.x && box.x + box.width <= around.x + around.width).toBe(true);
          expect(box.y >= around.y && box.y + box.height <= around.y + around.height).toBe(true);
        }
      }
    }
    expect(svgText(folded).at(-1)).toBe("</svg>");
  });
});

const found = (written: string): string => named(written, graph);

const matrices = `name: cells
steps:
  corpus: { uses: generate-corpus, with: { sentences: 9, pairs: 9 } }
  half:
    matrix: { rows: [2, 4], seed: [1, 2, 3] }
    uses: sample
    in: { from: corpus.pairs }
    with: { rows: "\${matrix.rows}" }
    seed: "\${matrix.seed}"
  loop:
    matrix: { rows: [2, 4] }
    repeat: 2
    carry: { again: "half[rows=\${matrix.rows},seed=1]" }
    steps:
      unique: { uses: deduplicate, in: { from: again } }
    next: { again: unique }
  some: { uses: deduplicate, in: { from: "half[rows=4,seed=2]" } }
`;
writeFileSync(join(folder, "cells.yaml"), matrices);
const cells = Effect.runSync(loadPipeline({ file: "cells.yaml", cwd: folder, sets: [], env: {}, stages }));

const named = (written: string, of = cells): string => {
  const { step, port } = findOutput(of, written);
  return `${step.id}.${port}`;
};
const chosen = (name: string) =>
  [...Effect.runSync(selectSteps(cells, "--until", [name]))].map((index) => cells.steps[index]!.id);

describe("a graph with a loop that may stop", () => {
  const text = `steps:
  corpus: { uses: generate-corpus, with: { sentences: 50, pairs: 12 } }
  tokenizer: { uses: train-tokenizer, in: { sentences: corpus }, with: { vocabSize: 200 } }
  pairs: { uses: tokenize-pairs, in: { tokenizer: tokenizer, pairs: corpus.pairs } }
  model: { uses: load-model, in: { tokenizer: tokenizer }, with: { fresh: { layers: 1, hiddenSize: 32, heads: 2 } } }
  loop:
    repeat: 2
    stop: { metric: eval.average }
    carry: { encoder: model.encoder }
    steps:
      eval: { uses: evaluate-sts, in: { encoder: encoder, pairs: pairs, gold: corpus.gold } }
      kept: { uses: train-bi-encoder, in: { pairs: pairs, scores: labels, model: encoder } }
      labels: { uses: pseudo-label, in: { pairs: pairs, encoder: encoder } }
    next: { encoder: kept }
  last: { uses: pseudo-label, in: { pairs: pairs, encoder: loop.encoder } }
`;
  writeFileSync(join(folder, "stop.yaml"), text);
  const stopping = Effect.runSync(loadPipeline({ file: "stop.yaml", cwd: folder, sets: [], env: {}, stages }));

  it("says so, and which outputs it chooses among", () => {
    const lines = treeText(graphView(stopping, false));
    expect(lines).toContain("  loop, at most 2 cycles");
    expect(lines.find((line) => line.includes(" stop-loop "))).toMatch(
      /metrics ← eval; before ← stop of the cycle before$/,
    );
    expect(lines.at(-1)).toMatch(/encoder ← loop\.kept$/);
    expect(treeText(graphView(stopping, true)).at(-1)).toMatch(/encoder ← loop\[1\]\.kept or loop\[2\]\.kept$/);
  });
});

describe("a graph with matrices", () => {
  it("folded shows each declared step once, with its cells", () => {
    expect(treeText(graphView(cells, false))).toEqual(
      [
        "cells",
        "  corpus                                          generate-corpus",
        "  half, 6 cells (rows: 2, 4; seed: 1, 2, 3)       sample           from ← corpus.pairs",
        "  loop, 2 cells (rows: 2, 4), 2 cycles",
        "    unique                                        deduplicate      from ← half[seed=1], then unique of the cycle before",
        "  some                                            deduplicate      from ← half[rows=4,seed=2]",
      ].map((line) => expect.stringMatching(spaced(line))),
    );
  });

  it("unrolled has every matrix and every loop of its cells as a group", () => {
    const lines = treeText(graphView(cells, true));
    for (const line of [
      "  half, 6 cells (rows: 2, 4; seed: 1, 2, 3)",
      "    [rows=4,seed=3]  sample  from ← corpus.pairs",
      "  loop, 2 cells (rows: 2, 4)",
      "    [rows=4], 2 cycles",
      "      [2]",
      "        unique  deduplicate  from ← loop[rows=4][1].unique",
    ])
      expect(lines).toContainEqual(expect.stringMatching(spaced(line)));
    expect(svgText(graphView(cells, true)).at(-1)).toBe("</svg>");
  });

  it("has outputs that are named by their cells", () => {
    expect(named("half[rows=2,seed=3].sample")).toBe("half[rows=2,seed=3].sample");
    expect(named("loop[rows=4][last].unique")).toBe("loop[rows=4][2].unique.unique");
    expect(() => named("half")).toThrow("`half` has a matrix, or is in one");
  });

  it("has steps chosen by cell, by cycle in every cell, and all together", () => {
    expect(chosen("half[rows=2,seed=3]")).toEqual(["half[rows=2,seed=3]"]);
    expect(chosen("loop[2].unique")).toEqual(["loop[rows=2][2].unique", "loop[rows=4][2].unique"]);
    expect(chosen("loop[rows=4]")).toEqual(["loop[rows=4][1].unique", "loop[rows=4][2].unique"]);
    expect(chosen("half")).toHaveLength(6);
  });
});

const spaced = (line: string): RegExp =>
  new RegExp(
    `^${line
      .trim()
      .replaceAll(/[[\]().*?+]/g, "\\$&")
      .replaceAll(/ +/g, " +")
      .replace(/^/, " *")}$`,
  );

describe("the output that STEP[.PORT] names", () => {
  it("is the main port of a step, a named port, or that of a loop's last cycle", () => {
    expect(found("corpus")).toBe("corpus.sentences");
    expect(found("corpus.gold")).toBe("corpus.gold");
    expect(found("outer[1].half")).toBe("outer[1].half.sample");
    expect(found("outer[last].half.sample")).toBe("outer[2].half.sample");
    expect(found("outer[2].inner[last].unique")).toBe("outer[2].inner[3].unique.unique");
  });
});
