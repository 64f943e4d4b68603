/**
 * The next word of a text, drawn from what a model thinks of each: among the k likeliest (top-k), or among the likeliest that
 * together have a share of the probability (nucleus), or among those that are both.
 *
 * Source: Fan et al., "Hierarchical Neural Story Generation", ACL 2018; Holtzman et al., "The Curious Case of Neural Text
 * Degeneration", ICLR 2020.
 */

export interface Sampling {
  /** At least 1; 1 takes the likeliest. */
  readonly topK: number;
  /** Above 0, at most 1; 1 leaves none out. */
  readonly topP: number;
}

export interface Choice {
  readonly id: number;
  /** Renormalised over the choices; they add up to 1. */
  readonly probability: number;
}

/** What may be drawn, the likeliest first; of equally likely ones the lower id. The likeliest is always among them. */
export function choicesOf(logits: ArrayLike<number>, { topK, topP }: Sampling): ReadonlyArray<Choice> {
  const candidates = largest(logits, topK);
  const highest = logits[candidates[0]!]!;
  let all = 0;
  for (let id = 0; id < logits.length; id++) all += Math.exp(logits[id]! - highest);
  let kept = 0;
  const weights: Array<number> = [];
  for (const id of candidates) {
    if (weights.length > 0 && kept >= topP * all) break;
    const weight = Math.exp(logits[id]! - highest);
    weights.push(weight);
    kept += weight;
  }
  return weights.map((weight, i) => ({ id: candidates[i]!, probability: weight / kept }));
}

/** @param choices at least one @param uniform in 0 … 1, 1 excluded */
export function drawWord(choices: ReadonlyArray<Choice>, uniform: number): number {
  let rest = uniform;
  for (const { id, probability } of choices) {
    rest -= probability;
    if (rest < 0) return id;
  }
  return choices.at(-1)!.id; // what rounding left over
}

/** Ids of the largest logits, largest first. */
function largest(logits: ArrayLike<number>, count: number): ReadonlyArray<number> {
  if (count >= logits.length) {
    return Array.from(logits, (_, id) => id).sort((i, j) => logits[j]! - logits[i]! || i - j);
  }
  const best: Array<number> = [];
  for (let id = 0; id < logits.length; id++) {
    if (best.length === count && logits[id]! <= logits[best[count - 1]!]!) continue;
    let place = best.length;
    while (place > 0 && logits[best[place - 1]!]! < logits[id]!) place--;
    best.splice(place, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}
