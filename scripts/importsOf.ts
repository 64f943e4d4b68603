/** The imports of a TypeScript source, by their text: enough for our own style of code, which writes them at the start of a line. */
export interface Import {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  /** `import type`: gone at run time. (`import { type A }` still loads the module.) */
  readonly kind: "value" | "type" | "dynamic";
}

const staticImport = /^(?:import|export)\s+(type\s+)?(?:[^'"`;()]*?\sfrom\s+)?["']([^"'\n]+)["']/gm;
const dynamicImport = /\bimport\(\s*["']([^"'\n]+)["']\s*\)(\.[A-Z])?/g;

export function importsOf(source: string): ReadonlyArray<Import> {
  // Comments become blanks of equal length, so that what is commented out does not count and lines stay where they are.
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replaceAll(/[^\n]/g, " "));
  const lineAt = (index: number) => code.slice(0, index).split("\n").length;
  const found: Array<Import> = [];
  for (const match of code.matchAll(staticImport)) {
    found.push({ specifier: match[2]!, line: lineAt(match.index), kind: match[1] === undefined ? "value" : "type" });
  }
  for (const match of code.matchAll(dynamicImport)) {
    const kind = match[2] === undefined ? "dynamic" : "type"; // import("./x.ts").Name is a type
    found.push({ specifier: match[1]!, line: lineAt(match.index), kind });
  }
  return found;
}
