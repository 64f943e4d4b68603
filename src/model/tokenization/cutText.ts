/** Cuts a text at what a pattern matches, in the five ways that `tokenizer.json` knows. */

export const cutBehaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type CutBehavior = (typeof cutBehaviors)[number];

interface Span {
  start: number;
  end: number;
  readonly isMatch: boolean;
}

/**
 * The pieces, none of them empty. Of `a--b` cut at `-`: `a b` (Removed), `a - - b` (Isolated), `a- - b` (MergedWithPrevious),
 * `a - -b` (MergedWithNext), `a -- b` (Contiguous).
 *
 * @param pattern with the flag `g`
 * @param isInverted takes what lies between matches for the matches
 */
export function cutText(
  text: string,
  pattern: RegExp,
  behavior: CutBehavior,
  isInverted = false,
): ReadonlyArray<string> {
  const spans = joined(spansOf(text, pattern, isInverted), behavior);
  const kept = behavior === "Removed" ? spans.filter(({ isMatch }) => !isMatch) : spans;
  return kept.filter(({ start, end }) => end > start).map(({ start, end }) => text.slice(start, end));
}

function spansOf(text: string, pattern: RegExp, isInverted: boolean): ReadonlyArray<Span> {
  const spans: Array<Span> = [];
  let from = 0;
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (index > from) spans.push({ start: from, end: index, isMatch: isInverted });
    from = index + match.length;
    spans.push({ start: index, end: from, isMatch: !isInverted });
  }
  if (from < text.length) spans.push({ start: from, end: text.length, isMatch: isInverted });
  return spans;
}

function joined(spans: ReadonlyArray<Span>, behavior: CutBehavior): ReadonlyArray<Span> {
  switch (behavior) {
    case "Removed":
    case "Isolated":
      return spans;
    case "Contiguous":
      return joinedWhere(spans, (before, span) => span.isMatch === before.isMatch);
    case "MergedWithPrevious":
      return joinedWhere(spans, (before, span) => span.isMatch && !before.isMatch);
    case "MergedWithNext":
      return joinedWhere(spans.toReversed(), (after, span) => span.isMatch && !after.isMatch).toReversed();
  }
}

/** `joins` is asked of neighbours as they were found. */
function joinedWhere(spans: ReadonlyArray<Span>, joins: (last: Span, span: Span) => boolean): ReadonlyArray<Span> {
  const result: Array<Span> = [];
  spans.forEach((span, i) => {
    const last = result.at(-1);
    const neighbour = spans[i - 1];
    if (last === undefined || neighbour === undefined || !joins(neighbour, span)) return void result.push({ ...span });
    last.start = Math.min(last.start, span.start);
    last.end = Math.max(last.end, span.end);
  });
  return result;
}
