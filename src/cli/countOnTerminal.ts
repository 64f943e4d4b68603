/** A count that grows in place on stderr while a command works for long; nothing where nobody would see it. */
import { writeError } from "./output.ts";

const everyMs = 200;

/** @param quiet stdout has no part in what the command writes, so a count does not run into it on one terminal */
export function countOnTerminal(what: string, quiet: boolean) {
  if (!process.stderr.isTTY || (process.stdout.isTTY && !quiet)) return { show: undefined, clear: () => {} };
  let shown = performance.now();
  let width = 0;
  return {
    show: (count: number): void => {
      if (performance.now() - shown < everyMs) return;
      shown = performance.now();
      const line = `${count.toLocaleString("en")} ${what}`;
      writeError(`\r${line}`);
      width = Math.max(width, line.length);
    },
    clear: (): void => {
      if (width > 0) writeError(`\r${" ".repeat(width)}\r`);
    },
  };
}
