/** Where a session's time goes, by kind of node: onnxruntime's own profile, summed up. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** @param run must create sessions with this profile prefix, run them, and close them @returns a line for each kind of node */
export async function profileLines(run: (profilePrefix: string) => Promise<void>): Promise<ReadonlyArray<string>> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-profile-"));
  try {
    await run(join(folder, "profile"));
    const events = readdirSync(folder).flatMap(
      (file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as ReadonlyArray<TraceEvent>,
    );
    return summary(events);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function summary(events: ReadonlyArray<TraceEvent>): ReadonlyArray<string> {
  const runs = Math.max(1, events.filter((event) => event.cat === "Session" && event.name === "model_run").length);
  const nodes = events.filter((event) => event.cat === "Node" && event.name.endsWith("_kernel_time"));
  const kinds = Map.groupBy(nodes, (event) => event.args?.op_name ?? "?");
  const all = nodes.reduce((sum, event) => sum + event.dur, 0);
  return Array.from(kinds, ([kind, of]) => ({
    kind,
    count: of.length,
    us: of.reduce((sum, each) => sum + each.dur, 0),
  }))
    .sort((a, b) => b.us - a.us)
    .map(({ kind, count, us }) => {
      const share = ((100 * us) / all).toFixed(1).padStart(5);
      return `  ${kind.padEnd(22)}${(us / 1000 / runs).toFixed(1).padStart(9)} ms ${share} %  ${Math.round(count / runs)} nodes`;
    });
}
