/** Words of messages: "did you mean" with the nearest of the names that would have been right, lists of names, counts. */

/** Edits to get from `a` to `b`, a swap of neighbours counting as one (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: Array<number> = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/** Names as people mix them up: case and separators do not count. */
const folded = (name: string): string => name.toLowerCase().replaceAll(/[-_\s]/g, "");

/** The candidate that `written` most likely stands for: at most a third of its letters (and at most three) differ. */
export function closest(written: string, candidates: Iterable<string>): string | undefined {
  const wanted = folded(written);
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(written.length / 3))) + 1;
  for (const candidate of candidates) {
    if (candidate === written) continue;
    const other = folded(candidate);
    if (Math.abs(other.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, other);
    if (distance < bestDistance && distance < other.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

export const quoted = (name: string): string => `\`${name}\``;

/** `a, b, c`, cut where it would fill the screen. */
export function listed(names: Iterable<string>, limit = 12): string {
  const all = [...names];
  if (all.length <= limit) return all.join(", ");
  return `${all.slice(0, limit).join(", ")} and ${all.length - limit} more`;
}

/** The hint for a name that is not there: the likely one, or what there is. */
export function nameHint(written: string, candidates: Iterable<string>, what: string): string {
  const names = [...candidates];
  const likely = closest(written, names);
  if (likely !== undefined) return `did you mean ${quoted(likely)}?`;
  return names.length === 0 ? "there are none" : `${what}: ${listed(names)}`;
}

/** `1 cycle`, `3 cycles`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `a`, `a or b`, `a, b or c`. */
export function either(options: ReadonlyArray<string>): string {
  if (options.length < 2) return options.join("");
  return `${options.slice(0, -1).join(", ")} or ${options.at(-1)}`;
}
