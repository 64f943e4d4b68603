/** Durations and numbers as people read them in the terminal: short, of steady width, without false precision. */

/** `340 ms`, `12.3 s`, `2m 04s`, `1h 02m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** Time left, in whole seconds at least: more would be false precision, and would flicker. */
export const formatLeft = (durationMs: number): string =>
  durationMs < 59_500 ? `${Math.max(1, Math.round(durationMs / 1000))} s` : formatDuration(durationMs);

const pad = (value: number) => String(value).padStart(2, "0");

/** `3.4`, `128`, `12400`: three digits below ten thousand are enough to watch a speed. */
export const formatRate = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

/** Four significant digits, never in exponents for everyday losses: `0.4123`, `12.35`, `1.2e-7`. */
export function formatLoss(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e6)) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}
