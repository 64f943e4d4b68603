/** A link, or `--from`, taken apart as far as a branch has to know: the loop, what stands in brackets behind it, and the rest. */

export interface LoopReference {
  readonly name: string;
  /** `["2"]`, `["last"]`, `["*"]`; of a loop with a matrix the cell comes first. */
  readonly brackets: ReadonlyArray<string>;
  /** `.student.encoder` */
  readonly rest: string;
}

/** Undefined where the text begins with no name. Expressions may stand in brackets and in the rest. */
export function readReference(text: string): LoopReference | undefined {
  const match = /^\s*([A-Za-z_][\w-]*)((?:\[[^\]]*\])*)(.*?)\s*$/s.exec(text);
  if (match === null) return undefined;
  const [, name = "", brackets = "", rest = ""] = match;
  return { name, brackets: [...brackets.matchAll(/\[([^\]]*)\]/g)].map(([, inside]) => inside!.trim()), rest };
}

/** A cycle by number, the last one, or all; undefined where the text is none. */
export function readCycle(text: string | undefined): number | "last" | "all" | undefined {
  if (text === "last") return "last";
  if (text === "*") return "all";
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
