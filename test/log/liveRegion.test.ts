import { describe, expect, it } from "vitest";
import { LiveRegion } from "../../src/log/liveRegion.ts";

function terminal(columns = 40, rows = 10) {
  const written: Array<string> = [];
  return { columns, rows, written, write: (text: string) => written.push(text) };
}

describe("the live region", () => {
  it("draws a frame in one synchronized write and redraws it in place", () => {
    const stream = terminal();
    const region = new LiveRegion(stream);
    region.draw(["one", "two"]);
    region.draw(["one", "three"]);
    expect(stream.written).toEqual([
      "\u001b[?2026h\u001b[?25lone\u001b[K\ntwo\u001b[K\n\u001b[J\u001b[?2026l",
      "\u001b[?2026h\r\u001b[2Aone\u001b[K\nthree\u001b[K\n\u001b[J\u001b[?2026l",
    ]);
  });

  it("leaves lines standing above itself", () => {
    const stream = terminal();
    const region = new LiveRegion(stream);
    region.draw(["one", "two"]);
    region.draw(["one", "two"], ["warning: x"]);
    region.draw(["one", "two"]);
    expect(stream.written.slice(1)).toEqual([
      "\u001b[?2026h\r\u001b[2Awarning: x\u001b[K\none\u001b[K\ntwo\u001b[K\n\u001b[J\u001b[?2026l",
      "\u001b[?2026h\r\u001b[2Aone\u001b[K\ntwo\u001b[K\n\u001b[J\u001b[?2026l",
    ]);
  });

  it("goes up past lines that a narrower terminal has wrapped", () => {
    const stream = terminal();
    const region = new LiveRegion(stream);
    region.draw(["x".repeat(30), "two"]);
    stream.columns = 20;
    region.draw(["one"]);
    expect(stream.written[1]).toContain("\u001b[3A");
  });

  it("gives the cursor back at the end, once", () => {
    const stream = terminal();
    const region = new LiveRegion(stream);
    region.draw(["one"]);
    region.finish(["end"]);
    region.release();
    expect(stream.written.filter((text) => text === "\u001b[?25h")).toHaveLength(1);
    expect(stream.written.at(-1)).toBe("\u001b[?25h");
  });

  it("leaves a column and a row of the terminal free", () => {
    const region = new LiveRegion(terminal(80, 24));
    expect([region.columns, region.rows]).toEqual([79, 23]);
  });
});
