/** Orders steps so that each comes after what it needs, the written order kept where it can be; finds circles. */

/** Finding a circle's members walks the path back; a file with so many mistakes needs no more of them. */
const maxCircles = 100;

export interface Sorted {
  /** Indices, each after those it needs. */
  readonly order: ReadonlyArray<number>;
  /** Each a round of indices: every one feeds the next, the last feeds the first. They begin with their lowest index. */
  readonly circles: ReadonlyArray<ReadonlyArray<number>>;
}

/** `needs(i)`: the indices that `i` depends on. Depth first without recursion: chains may be a million steps long. */
export function sortSteps(count: number, needs: (index: number) => ReadonlyArray<number>): Sorted {
  const order: Array<number> = [];
  const circles: Array<ReadonlyArray<number>> = [];
  // 0 unseen, 1 on the path, 2 placed.
  const state = new Uint8Array(count);
  const path: Array<{ readonly index: number; readonly needs: ReadonlyArray<number>; at: number }> = [];
  const enter = (index: number) => {
    state[index] = 1;
    path.push({ index, needs: needs(index), at: 0 });
  };
  for (let start = 0; start < count; start++) {
    if (state[start] === 0) enter(start);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const need = top.needs[top.at++];
      if (need === undefined) {
        state[top.index] = 2;
        order.push(top.index);
        path.pop();
      } else if (state[need] === 0) {
        enter(need);
      } else if (state[need] === 1 && circles.length < maxCircles) {
        const from = path.findIndex((entry) => entry.index === need);
        circles.push(fromLowest(path.slice(from).map((entry) => entry.index)));
      }
    }
  }
  return { order, circles: disjoint(circles) };
}

/** The path runs from a step to what it needs; a reader follows the data, so it is turned round. */
function fromLowest(path: ReadonlyArray<number>): ReadonlyArray<number> {
  const fed = [...path].reverse();
  const first = fed.indexOf(fed.reduce((lowest, index) => Math.min(lowest, index)));
  return [...fed.slice(first), ...fed.slice(0, first)];
}

/** Circles through a step of an earlier one are mostly the same mistake seen twice. */
function disjoint(circles: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> {
  const seen = new Set<number>();
  return circles.filter((circle) => {
    const isNew = !circle.some((index) => seen.has(index));
    for (const index of circle) seen.add(index);
    return isNew;
  });
}
