/**
 * Random pipelines, made from a seed: steps in the driver and in a worker that read earlier ones, matrices, loops that carry a value, some of
 * which stop by themselves, and steps with equal keys.
 */
import { writeFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Metrics } from "../../src/artifact/index.ts";
import { input, output } from "../../src/core/ArtifactType.ts";
import type { Graph } from "../../src/core/Graph.ts";
import { defineStage, type AnyStage } from "../../src/core/Stage.ts";
import { loadPipeline } from "../../src/spec/loadPipeline.ts";
import stopLoop from "../../stages/stop-loop.ts";
import { Text } from "./fakeStages.ts";
import { randomOf } from "./toil.ts";
import { spin, weaveWorkerStages } from "./weaveStages.ts";

const gauge = defineStage({
  name: "gauge",
  version: 1,
  description: "A number from 0 to 3 of a text.",
  config: Schema.Struct({}),
  inputs: { text: input(Text, "a text") },
  outputs: { metrics: output(Metrics, "one number") },
  run: ({ inputs: { text } }) =>
    Effect.succeed({ metrics: { rows: [{ name: "level", value: text.charCodeAt(0) % 4 }] } }),
});

const stages: ReadonlyArray<AnyStage> = [spin, gauge, stopLoop, ...weaveWorkerStages];

/** Links to what steps can read, as they are written. */
type Sources = ReadonlyArray<string>;

class Weaver {
  private readonly random: () => number;
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
    this.random = randomOf(seed);
  }

  private whole(below: number): number {
    return Math.floor(below * this.random());
  }

  private pick<A>(from: ReadonlyArray<A>): A {
    return from[this.whole(from.length)]!;
  }

  pipeline(): string {
    const lines: Array<string> = [];
    const sources: Array<string> = [];
    const nodes = 4 + this.whole(4);
    for (let node = 0; node < nodes; node++) {
      const kind = this.random();
      if (kind < 0.6 || node === 0) {
        lines.push(`  s${node}: ${this.step(sources)}`);
        sources.push(`s${node}`);
      } else if (kind < 0.75) {
        lines.push(`  m${node}: ${this.step(sources, ", matrix: { k: [1, 2] }", "${matrix.k}")}`);
        sources.push(`"m${node}[*]"`);
      } else {
        lines.push(...this.loop(`l${node}`, sources));
        sources.push(`l${node}.last`, `"l${node}[*].b0"`);
      }
    }
    return `name: weave\nseed: ${this.seed}\nsteps:\n${lines.join("\n")}\n`;
  }

  /** Its words are among few, so that some steps have equal keys, and none those of another seed. */
  private step(sources: Sources, more = "", words = ""): string {
    const parts = new Set(Array.from({ length: Math.min(sources.length, this.whole(4)) }, () => this.pick(sources)));
    const links = parts.size === 0 ? "" : `, in: { parts: [${[...parts].join(", ")}] }`;
    const named = `${this.seed} ${this.whole(3)}${words}`;
    return `{ uses: ${this.pick(["spin", "spin", "heft", "plod"])}${links}, with: { words: "${named}" }${more} }`;
  }

  private loop(name: string, sources: Sources): ReadonlyArray<string> {
    const carried = this.pick(sources.filter((source) => !source.startsWith('"')));
    const body: Array<string> = [];
    const inside = [...sources, "last", "last"];
    const length = 1 + this.whole(2);
    for (let i = 0; i < length; i++) {
      body.push(`      b${i}: ${this.step(inside, "", " ${cycle}")}`);
      inside.push(`b${i}`);
    }
    const stops = this.random() < 0.5;
    if (stops) body.push(`      level: { uses: gauge, in: { text: b${length - 1} } }`);
    return [
      `  ${name}:`,
      `    repeat: ${1 + this.whole(3)}`,
      ...(stops ? ["    stop: { metric: level.level }"] : []),
      `    carry: { last: ${carried} }`,
      "    steps:",
      ...body,
      `    next: { last: b${length - 1} }`,
    ];
  }
}

/** The graph of a seed; its file is written into the folder. @param isAlone runs all of it in one process */
export function weaveOf(folder: string, seed: number, isAlone = false): Promise<Graph> {
  const file = `${seed}.yaml`;
  writeFileSync(`${folder}/${file}`, new Weaver(seed).pipeline());
  const known = isAlone ? stages.map((stage): AnyStage => ({ ...stage, runsIn: "driver" })) : stages;
  return Effect.runPromise(loadPipeline({ file, cwd: folder, sets: [], env: {}, stages: known }));
}
