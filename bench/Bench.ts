/** What a bench is, and how its rows are printed. One question a file; `index.ts` lists them. */

/** One measured case. */
export interface BenchRow {
  readonly bench: string;
  readonly case: string;
  readonly ours: number;
  /** Null where no peer ran. */
  readonly peer: number | null;
  readonly peerName: string | null;
  /** How many times better ours is; above 1 where we are better. */
  readonly ratio: number | null;
  /** Of `ours` and `peer`: `ms`, `sentences/s`. */
  readonly unit: string;
}

export interface BenchOptions {
  /** A Python that has the peers (PIPELINE_BENCH_PYTHON); absent: peers are skipped. */
  readonly python?: string;
  /** Times that each side does its work, by turns; the best counts. */
  readonly rounds: number;
  /** The tensorflow engine is installed: trainings run on it too. */
  readonly tensorflow: boolean;
  /** Rows of real data; absent: as many as the bench says. */
  readonly rows?: number;
  /** Threads for both sides. */
  readonly threads: number;
  /** For what is worth knowing besides the rows; goes to stderr. */
  readonly note: (message: string) => void;
}

export interface Bench {
  readonly name: string;
  /** The question it answers, one line. */
  readonly description: string;
  readonly run: (options: BenchOptions) => Promise<ReadonlyArray<BenchRow>>;
  /** Where the time goes, as lines of text: `--profile`. */
  readonly profile?: (options: BenchOptions) => Promise<ReadonlyArray<string>>;
}

/** A row of times in which less is better. */
export const timeRow = (
  bench: string,
  each: string,
  ours: number,
  peer: { readonly name: string; readonly ms: number } | undefined,
): BenchRow => ({
  bench,
  case: each,
  ours,
  peer: peer?.ms ?? null,
  peerName: peer?.name ?? null,
  ratio: peer === undefined ? null : peer.ms / ours,
  unit: "ms",
});

const number = (value: number | null, digits: number): string => (value === null ? "–" : value.toFixed(digits));

export function table(rows: ReadonlyArray<BenchRow>): string {
  const cells = [
    ["bench", "case", "ours", "peer", "ratio", "unit", "peer's name"],
    ...rows.map((row) => [
      row.bench,
      row.case,
      number(row.ours, 0),
      number(row.peer, 0),
      number(row.ratio, 2),
      row.unit,
      row.peerName ?? "–",
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
