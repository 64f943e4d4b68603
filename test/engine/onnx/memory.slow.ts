/** Memory is bounded however many shapes a run meets: all sessions share what the largest one needs. */
import { afterAll, expect, it } from "vitest";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
import { defaultLayoutPolicy } from "../../../src/nn/PackedLayout.ts";
import { tinyConfig, tinyProgram } from "../../kit/tinyEncoder.ts";

const config = { ...tinyConfig, hiddenSize: 256, intermediateSize: 1024, layers: 4, maxPositions: 512 };
const engine = new OnnxEngine({ threads: 2, maxSessions: 16 });
afterAll(() => engine.close());

/** The most that this process has held at any time. */
const peakMb = (): number => process.resourceUsage().maxRSS / 1000;

/** A training step of 16 sequences of a length, a shape for each length. */
const step = async (length: number): Promise<void> => {
  const lengths = Array.from({ length: 16 }, () => length);
  const { program, feeds } = tinyProgram("mean", lengths, defaultLayoutPolicy, config);
  await (await engine.compile(program)).run(feeds);
};

it("sixty shapes of training steps take little more than the largest alone", async () => {
  await step(512);
  await step(512);
  const largest = peakMb();
  for (let length = 32; length < 512; length += 8) await step(length);
  const all = peakMb();
  console.log(`the largest shape ${largest.toFixed(0)} MB, with sixty more ${all.toFixed(0)} MB`);
  expect(engine.sessionCount).toBeLessThanOrEqual(16);
  // With an arena for each session it would be a multiple: each of sixteen would keep what its own shape needs.
  expect(all).toBeLessThan(1.3 * largest);
});
