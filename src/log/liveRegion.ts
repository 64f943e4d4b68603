/**
 * The lines at the bottom of a terminal that are redrawn in place. One write per frame inside a synchronized update, each
 * line cut to the terminal, so that nothing flickers or wraps; the cursor is hidden meanwhile and always given back.
 */
import { textWidth } from "./textWidth.ts";

export interface TerminalStream {
  readonly columns?: number;
  readonly rows?: number;
  readonly write: (text: string) => unknown;
}

export class LiveRegion {
  private readonly stream: TerminalStream;
  private drawn: ReadonlyArray<string> = [];
  private hidden = false;

  constructor(stream: TerminalStream) {
    this.stream = stream;
  }

  /** One less than the terminal has: a full line would make some terminals wrap. */
  get columns(): number {
    return Math.max(20, (this.stream.columns ?? 80) - 1);
  }

  get rows(): number {
    return Math.max(4, (this.stream.rows ?? 24) - 1);
  }

  /** `above`: lines that are left standing above the region from now on; they may be longer than the terminal is wide. */
  draw(lines: ReadonlyArray<string>, above: ReadonlyArray<string> = []): void {
    const hide = this.hidden ? "" : "\u001b[?25l";
    this.hidden = true;
    const text = [...above, ...lines].map((line) => `${line}\u001b[K\n`).join("");
    this.stream.write(`\u001b[?2026h${hide}${this.home()}${text}\u001b[J\u001b[?2026l`);
    this.drawn = lines;
  }

  /** Leaves `lines` where the region was, as ordinary output, and gives the cursor back. */
  finish(lines: ReadonlyArray<string>): void {
    this.draw(lines);
    this.release();
  }

  /** Gives the cursor back; called on every way out of the process. */
  release(): void {
    if (this.hidden) this.stream.write("\u001b[?25h");
    this.hidden = false;
    this.drawn = [];
  }

  /** To the first line of the last frame, also where a narrower terminal has wrapped it since. */
  private home(): string {
    const columns = Math.max(1, this.stream.columns ?? 80);
    const height = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
    return height === 0 ? "" : `\r\u001b[${height}A`;
  }
}
