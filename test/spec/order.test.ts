/** The order of writing changes nothing but the order of what could run side by side. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf, linkLines, mistakesOf, transencoder } from "./fakeStages.ts";
import { sortSteps } from "../../src/spec/sortSteps.ts";

const [head, tail] = transencoder.split("steps:\n  backbone") as [string, string];
const body = `  backbone${tail.split("outputs:")[0]!}`;
/** Each step of the design's pipeline with its lines. */
const blocks = body.split(/\n(?= {2}\w)/).map((block) => block.replace(/\n$/, ""));
const loopLines = blocks.at(-1)!.split("\n");
const inLoop = loopLines.filter((line) => line.startsWith("      "));
const aroundLoop = loopLines.filter((line) => !line.startsWith("      "));

function written(blocks: ReadonlyArray<string>, loopSteps: ReadonlyArray<string>): string {
  const loop = aroundLoop.flatMap((line) => (line === "    steps:" ? [line].concat(loopSteps) : line)).join("\n");
  const all = blocks.map((block) => (block.startsWith("  distil:") ? loop : block));
  return `${head}steps:\n${all.join("\n")}\noutputs: { encoder: distil.teacher }\n`;
}

const sortedLines = (text: string) => [...linkLines(graphOf(text))].sort();

const shuffled = (items: ReadonlyArray<string>) => fc.shuffledSubarray([...items], { minLength: items.length });

describe("steps", () => {
  it("may be written in any order: the graph has the same steps and links", () => {
    const expected = sortedLines(transencoder);
    fc.assert(
      fc.property(shuffled(blocks), shuffled(inLoop), (outer, inner) => {
        const graph = graphOf(written(outer, inner));
        expect([...linkLines(graph)].sort()).toEqual(expected);
        for (const [index, step] of graph.steps.entries()) {
          for (const value of Object.values(step.inputs).flat()) expect(value.step).toBeLessThan(index);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keep the order of writing where it is a possible one", () => {
    const ids = graphOf(
      "steps:\n  b: { uses: count, in: { from: d } }\n  a: { uses: count }\n  d: { uses: count }\n  c: { uses: count }\n",
    ).steps;
    expect(ids.map(({ id }) => id)).toEqual(["d", "b", "a", "c"]);
  });
});

describe("sortSteps", () => {
  it("puts every step after what it needs, or finds a circle", () => {
    const graphs = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(graphs, (needs) => {
        const { order, circles } = sortSteps(needs.length, (index) => needs[index]!);
        expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        const place = new Map(order.map((index, at) => [index, at]));
        const isOrdered = needs.every((list, index) => list.every((need) => place.get(need)! < place.get(index)!));
        expect(isOrdered).toBe(circles.length === 0);
        for (const circle of circles) {
          for (const [at, index] of circle.entries()) expect(needs[circle[(at + 1) % circle.length]!]).toContain(index);
        }
      }),
    );
  });
});

describe("a damaged file", () => {
  it("gives messages, never a defect", () => {
    const edits = fc.array(
      fc.tuple(
        fc.nat(transencoder.length),
        fc.nat(12),
        fc.constantFrom("", "x", ": ", "{", "}", "[", "- ", "\n", "*", "&a ", "${", "0", '"', "last"),
      ),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(edits, (list) => {
        const text = list.reduce(
          (current, [at, cut, put]) => current.slice(0, at) + put + current.slice(at + cut),
          transencoder,
        );
        try {
          mistakesOf(text);
        } catch (error) {
          expect((error as Error).message).toBe("this pipeline has no mistakes");
        }
      }),
      { numRuns: 150 },
    );
  });
});
