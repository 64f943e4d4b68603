/** Amounts of data in words, and back. Decimal: 1 MB is a million bytes. */
const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** `512 B`, `1.2 GB`: two digits where there are fewer than ten of the unit. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value.toFixed(unit > 0 && value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** Of `20GB`, `500 MB`, `1.5tb` or a plain number of bytes; undefined where it is none of these. */
export function parseBytes(written: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?b)?$/i.exec(written.trim()) ?? [];
  if (number === undefined) return undefined;
  const power = units.findIndex((each) => each.toLowerCase() === (unit.toLowerCase() || "b"));
  return Math.round(Number(number) * 1000 ** power);
}
