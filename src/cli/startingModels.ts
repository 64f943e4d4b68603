/** The models made elsewhere that a lineage starts from, with the licence that their own card names: what trained from them inherits. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Step } from "../core/Graph.ts";
import type { StartingModel } from "../model/modelCard.ts";

export function startingModels(steps: ReadonlyArray<Step>): ReadonlyArray<StartingModel> {
  const found = steps.flatMap((step) => {
    const source = step.stage.name === "load-model" ? step.encodedConfig["source"] : undefined;
    return typeof source === "string" ? [startingModel(step, source)] : [];
  });
  return [...new Map(found.map((each) => [each.source, each])).values()];
}

function startingModel({ paths }: Step, source: string): StartingModel {
  const hubName = /^hub:([^@]+)/.exec(source)?.[1];
  const folder = paths.find(({ field }) => field === "source")?.pattern;
  const license = folder === undefined || hubName !== undefined ? undefined : licenseOf(folder);
  return { source, ...(hubName === undefined ? {} : { hubName }), ...(license === undefined ? {} : { license }) };
}

/** What the header of the folder's card says; nothing where there is no card, no header, or no word of a licence. */
function licenseOf(folder: string): string | undefined {
  try {
    const header = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(join(folder, "README.md"), "utf8"))?.[1];
    const { license } = (parse(header ?? "") ?? {}) as { license?: unknown };
    return typeof license === "string" ? license : undefined;
  } catch {
    return undefined; // a card is for people: one that cannot be read stops no export
  }
}
