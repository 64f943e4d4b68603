/** `pipeline show FILE STEP[.PORT]`: any artifact as a table, JSON, CSV or its own Arrow bytes, a figure as SVG, on stdout or into a file. */
import { extname } from "node:path";
import * as Effect from "effect/Effect";
import { Figure } from "../../artifact/index.ts";
import { type ArtifactRows, readRows, rowObjects, rowsAsCells, rowsAsCsv } from "../../artifact/rows.ts";
import { ArtifactStore } from "../../core/ArtifactStore.ts";
import { typeLabel } from "../../core/ArtifactType.ts";
import type { ContentDigest } from "../../core/digest.ts";
import { counted } from "../../core/suggest.ts";
import { renderTable } from "../../log/table.ts";
import { type Invocation, numberOf, UsageError, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { findOutput, type FoundOutput } from "../findOutput.ts";
import { cacheLayer } from "../layers.ts";
import { writeOut } from "../output.ts";
import { outputDigest } from "../outputDigest.ts";
import { writeFileWhole } from "../outputFile.ts";
import { settledGraph } from "../settledGraph.ts";
import { openSession, perform, type Session } from "../session.ts";

export async function show(invocation: Invocation): Promise<number> {
  const to = valueOf(invocation, "to");
  const format = valueOf(invocation, "format") ?? formatOf(to);
  const head = numberOf(invocation, "head");
  if (format === "arrow" && head !== undefined)
    throw new UsageError("--head does not go with --format arrow", "an Arrow file is written whole");
  if (format === "arrow" && to === undefined && process.stdout.isTTY) {
    throw new UsageError("an Arrow file is of no use on a terminal", "write it to a file: --to PATH");
  }
  const session = await openSession(invocation);
  const output = findOutput(await settledGraph(session), invocation.operands[1]!);
  if (format === "svg" && output.step.outputTypes[output.port]!.name !== Figure.name)
    throw new UsageError(
      `${output.step.id}.${output.port} is no picture but ${typeLabel(output.step.outputTypes[output.port]!)}`,
      "only a Figure has an SVG; look at this with --format table, json or csv",
    );
  const { digest, bytes } = await perform(readOutput(session, output));
  const content = format === "arrow" ? bytes : await textOf(output, digest, bytes, format, head);
  if (to !== undefined) await writeFileWhole(to, [content]);
  else writeOut(content);
  return exitCodes.done;
}

/** Where `--to` names a kind of file, that is what is wanted. */
const formatOf = (to: string | undefined): string => {
  const ending = extname(to ?? "").slice(1);
  return ["json", "csv", "arrow", "svg"].includes(ending) ? ending : "table";
};

const readOutput = (session: Session, output: FoundOutput) =>
  Effect.gen(function* () {
    const digest = yield* outputDigest(session, output);
    return { digest, bytes: yield* (yield* ArtifactStore).read(digest) };
  }).pipe(Effect.provide(cacheLayer(session)));

async function textOf(
  output: FoundOutput,
  digest: ContentDigest,
  bytes: Uint8Array,
  format: string,
  head: number | undefined,
): Promise<string> {
  if (format === "svg") return (await Figure.decode(bytes)).svg;
  const rows = await readRows(bytes);
  if (format === "json") return `${JSON.stringify(rowObjects(rows, head), null, 1)}\n`;
  if (format === "csv") return rowsAsCsv(rows, head);
  return `${tableLines(output, digest, rows, head ?? 20).join("\n")}\n`;
}

/** What it is, what holds for all rows, and the first of them. */
function tableLines(
  { step, port }: FoundOutput,
  digest: string,
  rows: ArtifactRows,
  head: number,
): ReadonlyArray<string> {
  const type = typeLabel(step.outputTypes[port]!);
  const cells = rowsAsCells(rows, head);
  const numeric = (column: number) => cells.every((row) => row[column] === "" || !Number.isNaN(Number(row[column])));
  const columns = rows.columns.map((title, i) => ({
    title,
    align: numeric(i) ? ("right" as const) : ("left" as const),
  }));
  const more = rows.rowCount - cells.length;
  return [
    `${step.id}.${port}: ${type}, ${counted(rows.rowCount, "row")}, ${digest.slice(0, 10)}`,
    ...Object.entries(rows.facts).map(([name, value]) => `${name}: ${value}`),
    "",
    ...renderTable(columns, cells),
    ...(more > 0 ? [`… ${counted(more, "more row")}`] : []),
  ];
}
