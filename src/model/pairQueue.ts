/** Neighbouring pieces with their counts, the most frequent first: a heap whose stale entries are dropped when they surface. */

export interface Pair {
  readonly first: number;
  readonly second: number;
  count: number;
  /** Indexes of words that hold it, or once did. */
  readonly words: Set<number>;
  /** The count of its latest entry in the heap: an entry with another count is stale. */
  queuedCount: number;
}

interface HeapEntry {
  readonly pair: Pair;
  readonly count: number;
}

export class PairQueue {
  private readonly pairs = new Map<number, Pair>();
  private readonly heap: Array<HeapEntry> = [];
  private readonly touched = new Set<Pair>();

  /** Adds to a pair's count (or takes from it) in a word. Counts for `takeBest` after the next `settle`. */
  add(first: number, second: number, count: number, word: number): void {
    const key = first * 2 ** 24 + second;
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      pair = { first, second, count: 0, words: new Set(), queuedCount: 0 };
      this.pairs.set(key, pair);
    }
    pair.count += count;
    pair.words.add(word);
    this.touched.add(pair);
  }

  /** Puts the pairs whose counts changed in line, each once: a merge takes and gives many counts that cancel out. */
  settle(): void {
    for (const pair of this.touched) {
      if (pair.count === pair.queuedCount) continue;
      pair.queuedCount = pair.count;
      if (pair.count > 0) this.push({ pair, count: pair.count });
    }
    this.touched.clear();
  }

  /** The most frequent pair, taken out of the line; of equally frequent ones the one with the lowest ids. */
  takeBest(): Pair | undefined {
    for (let entry = this.pop(); entry !== undefined; entry = this.pop()) {
      if (entry.count !== entry.pair.queuedCount) continue;
      entry.pair.queuedCount = 0;
      return entry.pair;
    }
    return undefined;
  }

  private push(entry: HeapEntry): void {
    const { heap } = this;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  private pop(): HeapEntry | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

const isBefore = (one: HeapEntry, other: HeapEntry): boolean =>
  one.count !== other.count
    ? one.count > other.count
    : one.pair.first !== other.pair.first
      ? one.pair.first < other.pair.first
      : one.pair.second < other.pair.second;
