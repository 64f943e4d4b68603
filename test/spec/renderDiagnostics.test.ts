/** The shape of a rendered diagnostic where the line is unusual. */
import { expect, it } from "vitest";
import { renderDiagnostics } from "../../src/spec/renderDiagnostics.ts";

const rendered = (line: string, column: number, length: number) =>
  renderDiagnostics([{ location: { file: "x.yaml", line: 1, column }, length, message: "wrong" }], () => line);

it("the caret stands under the mistake behind tabs and wide characters", () => {
  expect(rendered("\ta: bad", 5, 3)).toBe("x.yaml:1:5: error: wrong\n  1 | \ta: bad\n    | \t   ^^^\n\n1 error\n");
  expect(rendered("名: 悪い", 4, 2)).toBe("x.yaml:1:4: error: wrong\n  1 | 名: 悪い\n    |     ^^^^\n\n1 error\n");
});

it("a long line is cut around the mistake", () => {
  const text = rendered(`${"a".repeat(200)}bad${"c".repeat(200)}`, 201, 3);
  const [, line, carets] = text.split("\n");
  expect(line).toBe(`  1 | …${"a".repeat(40)}bad${"c".repeat(77)}…`);
  expect(carets).toBe(`    |  ${" ".repeat(40)}^^^`);
});

it("an underline ends with its line, and what a terminal would obey is not shown", () => {
  expect(rendered("a\u001b[31m", 1, 500)).toBe(
    "x.yaml:1:1: error: wrong\n  1 | a\ufffd[31m\n    | ^^^^^^\n\n1 error\n",
  );
});

it("a file that cannot be read any more has no excerpt", () => {
  const diagnostics = [
    { location: { file: "gone.yaml", line: 3, column: 2 }, message: "wrong" },
    { argument: "--set a=1", message: "wrong too", hint: "do not" },
  ];
  expect(renderDiagnostics(diagnostics, () => undefined)).toBe(
    "gone.yaml:3:2: error: wrong\n\n--set a=1: error: wrong too\n  hint: do not\n\n2 errors\n",
  );
});
