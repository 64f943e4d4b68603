/**
 * Gradient caching: the loss and the gradients of a batch whose rows all meet in the loss, with a piece of it in memory at a
 * time. Every piece goes through its encoder twice, under the same masks.
 *
 * Source: Gao, Zhang, Han, Callan, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", RepL4NLP 2021.
 */
import { gradientName } from "../engine/withGradients.ts";
import type { Feeds } from "../nn/TensorSpec.ts";
import { sizeOf } from "../nn/TensorSpec.ts";
import { type CachedPart, type Outputs, pieceNames, type ReadyProgram } from "./Method.ts";

export interface Runner {
  /** @param feeds what the step's own lack */
  readonly run: (step: ReadyProgram, feeds?: Feeds) => Promise<Outputs>;
  /** Takes the gradients of parameters that a program gave. */
  readonly add: (step: ReadyProgram, outputs: Outputs) => void;
}

export interface CachedOutputs {
  /** Of the loss's program. */
  readonly outputs: Outputs;
  readonly step: ReadyProgram;
  /** Real tokens of all pieces, each counted once. */
  readonly tokens: number;
}

export async function cachedGradients({ pieces, loss }: CachedPart, { run, add }: Runner): Promise<CachedOutputs> {
  const matrices = Object.fromEntries(loss.embeddings.map((spec) => [spec.name, new Float32Array(sizeOf(spec.shape))]));
  const widths = Object.fromEntries(loss.embeddings.map(({ name, shape }) => [name, shape[1]!]));
  let tokens = 0;
  for (const { matrix, rows, embed } of pieces) {
    const step = embed();
    const embeddings = (await run(step))[pieceNames.embeddings]!;
    const width = widths[matrix]!;
    rows.forEach((row, i) => matrices[matrix]!.set(embeddings.subarray(i * width, (i + 1) * width), row * width));
    for (const { batch } of step.encodings) tokens += batch.realTokens;
  }
  const step = loss.prepare();
  const outputs = await run(step, matrices);
  add(step, outputs);
  for (const { matrix, rows, carryBack } of pieces) {
    const width = widths[matrix]!;
    const all = outputs[gradientName(matrix)]!;
    const own = new Float32Array(rows.length * width);
    rows.forEach((row, i) => own.set(all.subarray(row * width, (row + 1) * width), i * width));
    const piece = carryBack();
    add(piece, await run(piece, { [pieceNames.gradient]: own }));
  }
  return { outputs, step, tokens };
}
