/** Our side of a job (`Job.ts`) in a process of its own: `node bench/subject.ts JOB.json ENGINE` prints its outcome as JSON. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import type { EngineShape } from "../src/engine/Engine.ts";
import type { EngineName } from "../src/engine/engineNames.ts";
import { openEngine } from "../src/engine/openEngine.ts";
import { encodeTokens } from "../src/inference/encode.ts";
import { encodeTexts } from "../src/model/encodeTexts.ts";
import { type FolderModel, readModelFolder } from "../src/model/modelFolder.ts";
import type { Backbone, BiEncoder } from "../src/nn/EncoderModel.ts";
import { raggedFrom } from "../src/nn/Ragged.ts";
import type { Method } from "../src/training/Method.ts";
import { biEncoder } from "../src/training/methods/biEncoder.ts";
import { crossEncoder } from "../src/training/methods/crossEncoder.ts";
import { simCse } from "../src/training/methods/simCse.ts";
import type { TrainingOptions } from "../src/training/options.ts";
import { train } from "../src/training/train.ts";
import trainBiEncoder from "../stages/train-bi-encoder.ts";
import trainCrossEncoder from "../stages/train-cross-encoder.ts";
import trainSimcse from "../stages/train-simcse.ts";
import type { EncodeJob, EpochJob, Job, Outcome, StepJob, TokensJob } from "./Job.ts";
import { miniLm, quickWeights, trainingRig } from "./trainingRig.ts";

/** Ids here come from the model's own tokenizer: no digests to compare. */
const digest = "0".repeat(64);

const openFolder = (folder: string): Promise<FolderModel> =>
  readModelFolder({ path: folder, read: (name) => readFile(join(folder, name)).catch(() => undefined) });

function asBiEncoder({ config, weights, tokenizer, maxTokens, normalize }: FolderModel): BiEncoder {
  const { special } = tokenizer;
  return { kind: "bi-encoder", config, weights, tokenizer: digest, special, pooling: "mean", normalize, maxTokens };
}

async function stepTimes({ batch, tokens, steps }: StepJob, engine: EngineShape): Promise<ReadonlyArray<number>> {
  const step = trainingRig(batch, tokens, engine);
  const times: Array<number> = [];
  for (let i = 0; i < steps; i++) times.push(await step());
  return times;
}

/** More tokens than this go through the encoder in parts. */
const microBatchTokens = 16_384;

/** Of each update but the first, which compiles. */
async function tokensTimes({ tokens, steps }: TokensJob, engine: EngineShape): Promise<ReadonlyArray<number>> {
  const length = 32;
  const rows = tokens / (2 * length);
  const special = { pad: 0, unknown: 100, cls: 101, sep: 102, mask: 103 };
  const model: Backbone = {
    kind: "backbone",
    config: miniLm,
    weights: quickWeights(miniLm),
    tokenizer: digest,
    special,
  };
  const side = (salt: number) =>
    raggedFrom(
      Array.from({ length: rows }, (_, row) => Array.from({ length }, (_, i) => (row * 7919 + i * salt) % 30_000)),
    );
  const pairs = { tokenizer: digest, special, pairs: digest, a: side(31), b: side(37) };
  const scores = { pairs: digest, range: "probability", values: new Float32Array(rows).fill(0.5) } as const;
  const given = { epochs: steps + 1, batchSize: rows, maxTokens: length, microBatchTokens };
  const options = Schema.decodeUnknownSync(trainBiEncoder.config)(given);
  const times: Array<number> = [];
  let last = performance.now();
  await train(biEncoder(model, pairs, scores, "mean", options, 1), engine, options, {
    isInterrupted: () => false,
    warn: () => undefined,
    report: () => {
      times.push(performance.now() - last);
      last = performance.now();
    },
  });
  return times.slice(1);
}

/** As the stage makes it, with the stage's own defaults for what the job leaves open. */
function methodOf(job: EpochJob, model: BiEncoder): { readonly method: Method; readonly options: TrainingOptions } {
  const data = JSON.parse(readFileSync(job.data, "utf8")) as { a: number[][]; b: number[][]; scores: number[] };
  const given = { epochs: 1, batchSize: job.batchSize, maxTokens: job.maxTokens };
  const ids = { tokenizer: digest, special: model.special };
  if (job.kind === "simcse") {
    const options = Schema.decodeUnknownSync(trainSimcse.config)(given);
    return { options, method: simCse(model, { ...ids, ids: raggedFrom(data.a) }, { ...options, pooling: "cls" }, 1) };
  }
  const pairs = { ...ids, pairs: digest, a: raggedFrom(data.a), b: raggedFrom(data.b) };
  const scores = { pairs: digest, range: "probability", values: Float32Array.from(data.scores) } as const;
  if (job.kind === "bi") {
    const options = Schema.decodeUnknownSync(trainBiEncoder.config)(given);
    return { options, method: biEncoder(model, pairs, scores, "mean", options, 1) };
  }
  const options = Schema.decodeUnknownSync(trainCrossEncoder.config)({ ...given, bothOrders: false });
  return { options, method: crossEncoder(model, pairs, scores, options, 1) };
}

async function epochTime(job: EpochJob, engine: EngineShape): Promise<number> {
  const { method, options } = methodOf(job, asBiEncoder(await openFolder(job.model)));
  const began = performance.now();
  await train(method, engine, options, { report: () => undefined, warn: () => undefined, isInterrupted: () => false });
  return performance.now() - began;
}

async function encodeTime({ model, data, precision }: EncodeJob, engine: EngineShape): Promise<number> {
  const folder = await openFolder(model);
  const { texts } = JSON.parse(readFileSync(data, "utf8")) as { texts: string[] };
  const began = performance.now();
  await encodeTokens(asBiEncoder(folder), await encodeTexts(folder.tokenizer, texts), engine, { precision });
  return performance.now() - began;
}

async function timesOf(job: Job, engineName: EngineName): Promise<ReadonlyArray<number>> {
  const engine = await openEngine({ engine: engineName, device: "cpu", threads: job.threads });
  try {
    if (job.kind === "step") return await stepTimes(job, engine);
    if (job.kind === "tokens") return await tokensTimes(job, engine);
    return [job.kind === "encode" ? await encodeTime(job, engine) : await epochTime(job, engine)];
  } finally {
    await engine.close();
  }
}

const ms = await timesOf(JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Job, process.argv[3] as EngineName);
const outcome: Outcome = { ms, peakBytes: process.resourceUsage().maxRSS * 1024 };
console.log(JSON.stringify(outcome));
