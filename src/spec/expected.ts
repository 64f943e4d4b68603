/** Says in words what a schema wants and what was given, for messages: "a number greater than 0", `the text "3e-5"`. */
import * as SchemaAST from "effect/SchemaAST";
import { either } from "../core/suggest.ts";

/** Every filter of an AST, groups flattened. */
function filtersOf(ast: SchemaAST.AST): ReadonlyArray<SchemaAST.Filter<unknown>> {
  const flatten = (check: SchemaAST.Check<unknown>): ReadonlyArray<SchemaAST.Filter<unknown>> =>
    check._tag === "Filter" ? [check] : check.checks.flatMap(flatten);
  return (ast.checks ?? []).flatMap(flatten);
}

/** The annotation of an AST or of one of its checks: `annotate` puts it on whatever came last. */
function annotationOf(ast: SchemaAST.AST, key: string): unknown {
  const checks = (ast.checks ?? []).map((check) => check.annotations?.[key]);
  return checks.findLast((value) => value !== undefined) ?? ast.annotations?.[key] ?? ast.context?.annotations?.[key];
}

/** As `annotationOf`, also looking at the encoded side of defaults and transformations. */
export function annotationThrough(ast: SchemaAST.AST, key: string): unknown {
  const own = annotationOf(ast, key);
  if (own !== undefined) return own;
  for (const link of ast.encoding ?? []) {
    const found = annotationThrough(link.to, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The form that is written in the file: the far end of defaults and transformations. */
export function writtenForm(ast: SchemaAST.AST): SchemaAST.AST {
  const last = ast.encoding?.at(-1);
  return last === undefined ? ast : writtenForm(last.to);
}

/** What a schema wants, in words: `an integer of at least 1`, `one of bce, mse`. */
export function expectedWords(type: SchemaAST.AST): string {
  const ast = writtenForm(type);
  if (ast._tag === "Suspend") return expectedWords(ast.thunk());
  const isPath = annotationThrough(ast, "tandemPath");
  if (isPath !== undefined) return isPath === "folder" ? "the path of a folder" : "the path of a file";
  const own = ast.annotations?.["expected"];
  if (typeof own === "string") return own;
  return `${baseWords(ast)}${filterWords(ast)}`;
}

function baseWords(ast: SchemaAST.AST): string {
  switch (ast._tag) {
    case "Number":
      return filtersOf(ast).some((filter) => filter.annotations?.["expected"] === "an integer")
        ? "an integer"
        : "a number";
    case "String":
    case "TemplateLiteral":
      return "a text";
    case "Boolean":
      return "true or false";
    case "Null":
    case "Undefined":
      return "nothing";
    case "Literal":
      return JSON.stringify(ast.literal);
    case "Enum":
      return `one of ${ast.enums.map(([, value]) => value).join(", ")}`;
    case "Arrays":
      return ast.rest[0] === undefined ? "a list" : `a list, each ${expectedWords(ast.rest[0])}`;
    case "Objects":
      return ast.propertySignatures.length === 0
        ? "a mapping"
        : `a mapping with ${ast.propertySignatures.map((property) => String(property.name)).join(", ")}`;
    case "Union":
      return unionWords(ast);
    default:
      return "another value";
  }
}

function unionWords(union: SchemaAST.Union): string {
  const members = union.types.map(writtenForm).filter((member) => member._tag !== "Undefined");
  if (members.length > 1 && members.every((member) => member._tag === "Literal")) {
    return `one of ${members.map((member) => (member as SchemaAST.Literal).literal).join(", ")}`;
  }
  return either([...new Set(members.map(expectedWords))]);
}

/** ` greater than 0 and less than 1`. */
function filterWords(ast: SchemaAST.AST): string {
  const words = filtersOf(ast)
    .map((filter) => filter.annotations?.["expected"])
    .filter((words): words is string => typeof words === "string" && /^a (?:value|string) /.test(words))
    .map((words) => words.replace(/^a (?:value|string) /, "").replace("greater than or equal to", "of at least"))
    .map((words) =>
      words.replace("less than or equal to", "at most").replace("with a length of at least 1", "that is not empty"),
    );
  return words.length === 0 ? "" : ` ${words.join(" and ")}`;
}

/** The literals a value could have been, for "did you mean". */
export function literalsOf(type: SchemaAST.AST): ReadonlyArray<string> {
  const ast = writtenForm(type);
  if (ast._tag === "Union") return ast.types.flatMap(literalsOf);
  return ast._tag === "Literal" && typeof ast.literal === "string" ? [ast.literal] : [];
}

/** What was given, in words: `the text "3e-5"`, `the number 5`, `a list`. */
export function givenWords(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)}`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}

/** Which side of a union a value is meant to be of: lists and mappings are recognised by their form. */
export const isNumeric = (type: SchemaAST.AST): boolean => {
  const ast = writtenForm(type);
  return ast._tag === "Number" || (ast._tag === "Union" && ast.types.some(isNumeric));
};
