/** `pipeline init [DIR]`: a small pipeline that runs as it is, and the schema that editors complete it by. Writes over nothing. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { stages } from "../../../stages/index.ts";
import { pipelineJsonSchema } from "../../spec/jsonSchema.ts";
import { type Invocation, UsageError, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { unwritable, printLines } from "../output.ts";
import { firstPipeline } from "../firstPipeline.ts";

const pipelineName = "pipeline.yaml";
const schemaName = "pipeline.schema.json";

export async function init(invocation: Invocation): Promise<number> {
  const written = invocation.operands[0] ?? ".";
  const folder = resolve(written);
  const path = join(written, pipelineName);
  if (existsSync(path)) throw isThere(path);
  const text = valueOf(invocation, "text");
  const textPath = text === undefined ? undefined : textFrom(folder, text);
  makeFolder(written, folder);
  const schema = join(written, schemaName);
  const hadSchema = existsSync(schema);
  writeNew(path, firstPipeline({ name: nameOf(folder), schema: schemaName, text: textPath }));
  if (!hadSchema) writeNew(schema, `${JSON.stringify(pipelineJsonSchema(stages), null, 1)}\n`);
  printLines([
    hadSchema ? `wrote ${path}, kept ${schema}` : `wrote ${path} and ${schema}`,
    `run it: pipeline run ${path}`,
  ]);
  return exitCodes.done;
}

const isThere = (path: string): UsageError =>
  new UsageError("this file is there already, and is left as it is", "name another folder: pipeline init DIR", path);

function makeFolder(written: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw unwritable((error as NodeJS.ErrnoException).code ?? String(error), written);
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === "EEXIST" ? isThere(path) : unwritable(code ?? String(error), path);
  }
}

/** What the pipeline file in `folder` has to say for a text, a glob of texts, or a folder of them. Throws `UsageError`. */
function textFrom(folder: string, written: string): string {
  const stats = statSync(written, { throwIfNoEntry: false });
  if (stats === undefined && !/[*?[]/.test(written))
    throw new UsageError("there is no such text", "name a file with one sentence a line: --text PATH", written);
  const isFolder = stats?.isDirectory() === true;
  if (isFolder && !readdirSync(written).some((name) => name.endsWith(".txt")))
    throw new UsageError("this folder has no .txt files", "name a file with one sentence a line", written);
  const path = relative(folder, resolve(written)).split(sep).join("/");
  return isFolder ? `${path === "" ? "." : path}/*.txt` : path;
}

/** The folder's name as far as it can be one. */
const nameOf = (folder: string): string => basename(folder).replaceAll(/[^\w-]+/g, "-") || "first";
