/** Flattens a schema's issue tree into findings: a path and what is wrong there, in words. */
import type * as SchemaAST from "effect/SchemaAST";
import type * as SchemaIssue from "effect/SchemaIssue";
import { expectedWords, givenWords, isNumeric, literalsOf } from "./expected.ts";
import { closest, quoted } from "../core/suggest.ts";

export type Path = ReadonlyArray<PropertyKey>;

export type Finding =
  | { readonly kind: "unexpected"; readonly path: Path; readonly known: ReadonlyArray<string> }
  | { readonly kind: "missing"; readonly path: Path }
  | { readonly kind: "invalid"; readonly path: Path; readonly message: string; readonly hint?: string };

/** All findings of one decoding, at most one "invalid" for a path. `root` is the value that was decoded. */
export function findingsOf(issue: SchemaIssue.Issue, root: unknown): ReadonlyArray<Finding> {
  const findings: Array<Finding> = [];
  collect(issue, [], root, undefined, findings);
  return findings.filter(
    (finding, index) =>
      finding.kind !== "invalid" ||
      !findings.slice(0, index).some((other) => other.kind === "invalid" && samePath(other.path, finding.path)),
  );
}

const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((part, index) => part === b[index]);

/** `type` is the whole schema around a failing check: its words tell the whole of what is wanted. */
function collect(
  issue: SchemaIssue.Issue,
  path: Path,
  root: unknown,
  type: SchemaAST.AST | undefined,
  findings: Array<Finding>,
): void {
  switch (issue._tag) {
    case "Pointer":
      return collect(issue.issue, [...path, ...issue.path], root, undefined, findings);
    case "Encoding":
      return collect(issue.issue, path, root, type ?? issue.ast, findings);
    case "Composite":
      for (const inner of issue.issues) collect(inner, path, root, issue.ast, findings);
      return;
    case "Filter": {
      const own = issue.filter.annotations?.["message"];
      if (typeof own === "string") findings.push({ kind: "invalid", path, message: about(path, own) });
      else collect(issue.issue, path, root, type, findings);
      return;
    }
    case "AnyOf":
      return collectUnion(issue, path, root, findings);
    case "UnexpectedKey":
      findings.push({ kind: "unexpected", path, known: keysOf(issue.ast) });
      return;
    case "MissingKey":
      // A list that must not be empty lacks its element 0.
      if (typeof path.at(-1) === "number") findings.push(tooShort(path.slice(0, -1)));
      else findings.push({ kind: "missing", path });
      return;
    default: {
      const own = "annotations" in issue ? issue.annotations?.["message"] : undefined;
      const wanted = type ?? ("ast" in issue ? issue.ast : undefined);
      findings.push(
        typeof own === "string"
          ? { kind: "invalid", path, message: about(path, own) }
          : invalid(path, wanted, valueAt(root, path)),
      );
    }
  }
}

/** Where one member has the form of the value, its own findings say more than "none of these". */
function collectUnion(issue: SchemaIssue.AnyOf, path: Path, root: unknown, findings: Array<Finding>): void {
  const nested = issue.issues.filter((inner) => inner._tag === "Composite" || inner._tag === "Pointer");
  if (nested.length === 1 && typeof valueAt(root, path) === "object")
    return collect(nested[0]!, path, root, undefined, findings);
  findings.push(invalid(path, issue.ast, valueAt(root, path)));
}

const tooShort = (path: Path): Finding => ({ kind: "invalid", path, message: `${subject(path)} has too few elements` });

const keysOf = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  ast._tag === "Objects" ? ast.propertySignatures.map((property) => String(property.name)) : [];

export function valueAt(root: unknown, path: Path): unknown {
  let current = root;
  for (const part of path) current = (current as { readonly [key: PropertyKey]: unknown } | null | undefined)?.[part];
  return current;
}

/** A path as a reader writes it: `source`, `pooling.kind`, `tests[2]` (from 1). */
export function pathWords(path: Path): string {
  return path.reduce<string>(
    (words, part) =>
      typeof part === "number" ? `${words}[${part + 1}]` : words === "" ? String(part) : `${words}.${String(part)}`,
    "",
  );
}

/** A message of the schema's own; of the whole it speaks for itself. */
const about = (path: Path, message: string): string => (path.length === 0 ? message : `${subject(path)}: ${message}`);

const subject = (path: Path): string => (path.length === 0 ? "this" : quoted(pathWords(path)));

function invalid(path: Path, type: SchemaAST.AST | undefined, value: unknown): Finding {
  const wanted = type === undefined ? "another value" : expectedWords(type);
  const message = `${subject(path)} must be ${wanted}, not ${givenWords(value)}`;
  const hint = type === undefined ? undefined : valueHint(type, value);
  return hint === undefined ? { kind: "invalid", path, message } : { kind: "invalid", path, message, hint };
}

function valueHint(type: SchemaAST.AST, value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const likely = closest(value, literalsOf(type));
  if (likely !== undefined) return `did you mean ${quoted(likely)}?`;
  return isNumeric(type) ? numberHint(value) : undefined;
}

/** `"3e-5"` wants its quotes off, `10_000` and `32 tokens` want to be bare numbers, `10 %` is 0.1. */
function numberHint(text: string): string | undefined {
  if (text.includes("${")) return undefined;
  const number = /^\s*[-+]?[\d_,.]*\d(?:[eE][-+]?\d+)?/.exec(text)?.[0];
  if (number === undefined) return undefined;
  const plain = number.replaceAll(/[\s_,]/g, "");
  if (Number.isNaN(Number(plain))) return undefined;
  if (/%\s*$/.test(text)) return `write a share as a number: ${Number((Number(plain) / 100).toPrecision(12))}`;
  return plain === text ? `write it without quotes: ${plain}` : `write a bare number: ${plain}`;
}
