/**
 * Ctrl-C and its like. The first one asks the run to end after the batch in hand, the second one ends it at once. One press
 * reaches us up to three times (from the terminal, from npx, from the launcher), so that signals close together count as one.
 */
const sameSignalMs = 250;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `first`, then `second`; returns what stops listening. `now` is a clock in milliseconds. */
export function onInterrupt(
  first: () => void,
  second: () => void,
  now: () => number = () => performance.now(),
): () => void {
  let count = 0;
  let last = -Infinity;
  const listener = () => {
    const at = now();
    const isEcho = at - last < sameSignalMs;
    last = at;
    if (isEcho) return;
    count++;
    if (count === 1) first();
    else if (count === 2) second();
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
