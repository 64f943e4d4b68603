/**
 * `pipeline export FILE [STEP.PORT] --to DIR`: a model as a folder that sentence-transformers, transformers and transformers.js
 * load. Without a step it is the model of the file's `outputs`; where these are several, each has a folder of its name in DIR.
 */
import { type Invocation, isOn, UsageError, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { modelLineage } from "../modelLineage.ts";
import { modelOutputs, readModel, type StoredModel } from "../modelOutputs.ts";
import { printJson, printLines } from "../output.ts";
import { checkReplaceable, exportMarker, replaceFolder } from "../replaceFolder.ts";
import { openSession, perform, type Session } from "../session.ts";
import { settledGraph } from "../settledGraph.ts";
import { type ExportFile, exportFiles, ownPooling, textBytes } from "../../model/exportFiles.ts";
import { modelCard } from "../../model/modelCard.ts";

export async function exportCommand(invocation: Invocation): Promise<number> {
  const [, written] = invocation.operands as [string, string?];
  const to = valueOf(invocation, "to");
  if (to === undefined) throw new UsageError("`export` needs a folder to write to", "name it: --to DIR");
  const session = await openSession(invocation);
  const outputs = modelOutputs(await settledGraph(session), written);
  checkReplaceable(to);
  const int8 = isOn(invocation, "int8");
  const models: Array<StoredModel> = [];
  for (const output of outputs) models.push(await perform(readModel(session, output)));
  const files: Array<ExportFile> = [];
  for (const model of models) {
    const prefix = models.length === 1 ? "" : `${model.name}/`;
    for (const each of await filesOf(session, model, int8)) files.push({ ...each, name: prefix + each.name });
  }
  const marker = { tandem: 1, models: models.map(markOf), files: files.map(({ name }) => name).sort() };
  replaceFolder(to, [...files, { name: exportMarker, bytes: textBytes(marker) }]);
  if (isOn(invocation, "json")) printJson({ to, ...marker });
  else printLines(models.map((model) => `${labelOf(model)} → ${models.length === 1 ? to : `${to}/${model.name}`}`));
  return exitCodes.done;
}

const labelOf = ({ step, port }: StoredModel): string => `${step.id}.${port}`;

const markOf = (stored: StoredModel) => ({
  name: stored.name,
  output: labelOf(stored),
  kind: stored.model.kind,
  digest: stored.digest,
  tokenizer: stored.model.tokenizer,
});

async function filesOf(session: Session, stored: StoredModel, int8: boolean): Promise<ReadonlyArray<ExportFile>> {
  const { model, tokenizer, digest } = stored;
  const pooling = ownPooling(model);
  if (pooling !== undefined)
    throw new UsageError(
      `${labelOf(stored)} pools by ${pooling}, which no other program can be told to do`,
      "use it here, with `pipeline encode`, `similarity` or `nearest`; or train with pooling cls, mean or max",
    );
  const { exportEncoder } = await import("../../engine/onnx/exportEncoder.ts");
  const lineage = await perform(modelLineage(session, stored));
  const output = labelOf(stored);
  const card = modelCard({ pipeline: session.graph.name, output, digest, model, ...lineage, int8 });
  return [
    ...exportFiles(model, tokenizer),
    { name: "onnx/model.onnx", bytes: onnxBytes(() => exportEncoder(model)) },
    ...(int8 ? [{ name: "onnx/model_quantized.onnx", bytes: onnxBytes(() => exportEncoder(model, "int8")) }] : []),
    { name: "README.md", bytes: textBytes(card) },
  ];
}

function onnxBytes(make: () => Uint8Array): Uint8Array {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`the model cannot be written as ONNX: ${error.message}`, "export a smaller one");
  }
}
