/** `pipeline cache status|verify|gc|pin|unpin`: looks after the cache folder. */
import * as Effect from "effect/Effect";
import { RunLog } from "../../core/RunLog.ts";
import { nameHint } from "../../core/suggest.ts";
import { parseBytes } from "../../core/bytes.ts";
import { cacheStatus } from "../../store/cacheStatus.ts";
import { collectGarbage } from "../../store/gc/collectGarbage.ts";
import { pinRuns, unpinRuns } from "../../store/pins.ts";
import { layerRunLog } from "../../store/runLog.ts";
import { verifyCache } from "../../store/verify.ts";
import { gcJson, gcLines, statusLines, verifyLines } from "../cacheTexts.ts";
import { type Invocation, isOn, numberOf, UsageError, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines, writeError } from "../output.ts";
import { cacheFolder } from "../places.ts";
import { perform } from "../session.ts";

type Action = (root: string, invocation: Invocation) => Promise<number>;

const actions: { readonly [name: string]: Action } = { status, verify, gc, pin, unpin };

/** Options of one action alone. */
const optionsOf: { readonly [name: string]: ReadonlyArray<string> } = {
  verify: ["repair"],
  gc: ["dry-run", "keep-days", "max-size", "grace", "runs-older-than"],
};

export async function cache(invocation: Invocation): Promise<number> {
  const [name, ...runs] = invocation.operands as [string, ...Array<string>];
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined)
    throw new UsageError(`\`cache\` has no action \`${name}\``, nameHint(name, Object.keys(actions), "it has"));
  for (const [owner, options] of Object.entries(optionsOf)) {
    const foreign = options.find((option) => isOn(invocation, option) || valueOf(invocation, option) !== undefined);
    if (owner !== name && foreign !== undefined)
      throw new UsageError(`--${foreign} does not go with \`cache ${name}\``, `it is an option of \`cache ${owner}\``);
  }
  const takesRuns = name === "pin" || name === "unpin";
  if (!takesRuns && runs[0] !== undefined)
    throw new UsageError(`\`cache ${name}\` does not take \`${runs[0]}\``, `usage: pipeline cache ${name}`);
  if (takesRuns && runs.length === 0)
    throw new UsageError(`\`cache ${name}\` needs a RUN`, "`pipeline runs` lists them; `last` is the latest");
  return action(cacheFolder(valueOf(invocation, "cache"), process.cwd()), invocation);
}

async function status(root: string, invocation: Invocation): Promise<number> {
  const found = await perform(cacheStatus(root));
  if (isOn(invocation, "json")) printJson(found);
  else printLines(statusLines(found));
  return exitCodes.done;
}

async function verify(root: string, invocation: Invocation): Promise<number> {
  const report = await perform(verifyCache(root, { isRepair: isOn(invocation, "repair") }));
  if (isOn(invocation, "json")) printJson(report);
  else printLines(verifyLines(report, isOn(invocation, "repair")));
  return report.damaged.length === 0 ? exitCodes.done : exitCodes.checkSaidNo;
}

const dayMs = 24 * 3_600_000;

async function gc(root: string, invocation: Invocation): Promise<number> {
  const isDryRun = isOn(invocation, "dry-run");
  const report = await perform(
    collectGarbage(root, {
      isDryRun,
      keepMs: (numberOf(invocation, "keep-days") ?? 30) * dayMs,
      graceMs: (numberOf(invocation, "grace") ?? 60) * 60_000,
      maxBytes: sizeOf(valueOf(invocation, "max-size")),
      runsOlderThanMs: daysIn(valueOf(invocation, "runs-older-than")),
      onWait: () => writeError("waiting up to half a minute, to see whether runs on other machines live\n"),
    }),
  );
  if (isOn(invocation, "json")) printJson(gcJson(report, isDryRun));
  else printLines(gcLines(report, isDryRun));
  return exitCodes.done;
}

function sizeOf(written: string | undefined): number | undefined {
  const bytes = written === undefined ? undefined : parseBytes(written);
  if (written === undefined || bytes !== undefined) return bytes;
  throw new UsageError(`--max-size cannot be \`${written}\``, "write an amount such as 500MB or 20GB");
}

/** `90d`, in milliseconds. */
function daysIn(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const [, days] = /^(\d+) ?d$/.exec(written.trim()) ?? [];
  if (days !== undefined) return Number(days) * dayMs;
  throw new UsageError(`--runs-older-than cannot be \`${written}\``, "write a number of days such as 90d");
}

async function pin(root: string, invocation: Invocation): Promise<number> {
  const runs = await runsNamed(root, invocation);
  await perform(pinRuns(root, runs));
  return told(invocation, { pinned: runs }, `pinned ${runs.join(", ")}: gc keeps all of it`);
}

async function unpin(root: string, invocation: Invocation): Promise<number> {
  const runs = await runsNamed(root, invocation);
  await perform(unpinRuns(root, runs));
  return told(invocation, { unpinned: runs }, `unpinned ${runs.join(", ")}`);
}

function told(invocation: Invocation, facts: object, line: string): number {
  if (isOn(invocation, "json")) printJson(facts);
  else printLines([line]);
  return exitCodes.done;
}

async function runsNamed(root: string, { operands }: Invocation): Promise<ReadonlyArray<string>> {
  const listed = await perform(Effect.flatMap(RunLog, (log) => log.list).pipe(Effect.provide(layerRunLog(root))));
  const ids = listed.map(({ run }) => run);
  return operands.slice(1).map((written) => {
    const run = written === "last" ? ids.at(-1) : ids.find((id) => id === written);
    if (run !== undefined) return run;
    throw new UsageError(`there is no run \`${written}\` in ${root}`, nameHint(written, ids.toReversed(), "runs"));
  });
}
