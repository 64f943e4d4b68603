/** Groups of texts that mean the same, in flat form; and as what pairs join. */

/** As `Groups` artifacts are. */
export interface FlatGroups {
  readonly texts: ReadonlyArray<string>;
  readonly groups: Int32Array;
}

export const groupsFrom = (groups: ReadonlyArray<ReadonlyArray<string>>): FlatGroups => ({
  texts: groups.flat(),
  groups: Int32Array.from(groups.flatMap((texts, group) => texts.map(() => group))),
});

/** Texts of each group, in order. */
export const groupedTexts = ({ texts, groups }: FlatGroups): ReadonlyArray<ReadonlyArray<string>> =>
  [...Map.groupBy(texts.keys(), (row) => groups[row]!).values()].map((rows) => rows.map((row) => texts[row]!));

/**
 * The texts that a chain of pairs joins, as groups: each text once, groups and texts in the order they first come in. Groups of one
 * text (pairs of a text with itself) are left out.
 */
export function joinedByPairs(pairs: Iterable<readonly [string, string]>): ReadonlyArray<ReadonlyArray<string>> {
  const parents = new Map<string, string>();
  const rootOf = (text: string): string => {
    let root = text;
    while (parents.get(root)! !== root) root = parents.get(root)!;
    for (let at = text; at !== root;) {
      const next = parents.get(at)!;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  for (const [a, b] of pairs) {
    for (const text of [a, b]) if (!parents.has(text)) parents.set(text, text);
    parents.set(rootOf(b), rootOf(a));
  }
  const groups = Map.groupBy(parents.keys(), rootOf);
  return [...groups.values()].filter((texts) => texts.length >= 2);
}
