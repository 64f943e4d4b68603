/** A tree with its expressions filled in and `--set`s applied, and where in the file or the arguments each of its values came from. */
import type { Json } from "../core/canonicalJson.ts";
import { evaluate, originKey, type Evaluated, type Origin, type Surroundings } from "./expression.ts";
import type { Path } from "./findings.ts";
import type { Override } from "./params.ts";
import type { Place, Reporter, Span } from "./Reporter.ts";
import { entryOf, nodeAt, type YamlNode } from "./YamlNode.ts";

/** Of a tree that is not written, what the overrides alone give. */
export function fillIn(
  node: YamlNode | undefined,
  overrides: ReadonlyArray<Override>,
  surroundings: Surroundings,
  reporter: Reporter,
): Evaluated {
  const written =
    node === undefined ? { value: {}, origins: new Map(), broken: [] } : evaluate(node, surroundings, reporter);
  return applyOverrides(written, overrides);
}

function applyOverrides(evaluated: Evaluated, overrides: ReadonlyArray<Override>): Evaluated {
  if (overrides.length === 0) return evaluated;
  const origins = new Map(evaluated.origins);
  let { value, broken } = evaluated;
  for (const override of overrides) {
    value = withValue(value, override.path, override.value);
    broken = broken.filter((path) => !isPrefix(override.path, path));
    const { argument } = override;
    origins.set(originKey(override.path), { argument, isFromWorkingFolder: true, file: undefined });
  }
  return { value, origins, broken };
}

function withValue(object: Json, [key, ...rest]: ReadonlyArray<string>, value: Json): Json {
  if (key === undefined) return value;
  const isObject = typeof object === "object" && object !== null && !Array.isArray(object);
  const members = isObject ? (object as { readonly [key: string]: Json }) : {};
  return { ...members, [key]: withValue(members[key] ?? {}, rest, value) };
}

const isPrefix = (prefix: Path, path: Path): boolean =>
  prefix.length <= path.length && prefix.every((part, index) => String(part) === String(path[index]));

/** True where what is wrong at a path may follow from a value that could not be had, which was reported. */
export const isFollowOn = ({ broken }: Evaluated, path: Path): boolean =>
  broken.some((each) => isPrefix(each, path) || isPrefix(path, each));

/** The origin of a value: its own, or that of the list or mapping it came in. */
export function originAt(origins: ReadonlyMap<string, Origin>, path: Path): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(originKey(path.slice(0, length)));
    if (origin !== undefined) return origin;
  }
  return undefined;
}

/** The argument a value came from, else its place in the file: `around` where the tree is not written there. */
export function placeOf(
  node: YamlNode | undefined,
  path: Path,
  evaluated: Evaluated,
  around: Span,
  isKey = false,
): Place {
  const argument = originAt(evaluated.origins, path)?.argument;
  if (argument !== undefined) return { argument };
  const keySpan = node === undefined ? undefined : keySpanAt(node, path);
  const below = keySpan === undefined ? argumentBelow(evaluated, path) : undefined;
  if (below !== undefined) return { argument: below };
  if (node === undefined) return around;
  return (isKey ? keySpan : undefined) ?? nodeAt(node, path).span;
}

/** A mapping that only an argument made: `--set bi0.x.y=1` where the file has no `x`. */
function argumentBelow({ origins }: Evaluated, path: Path): string | undefined {
  if (path.length === 0) return undefined;
  const prefix = `${originKey(path)}\n`;
  return [...origins].find(([key]) => key.startsWith(prefix))?.[1].argument;
}

const keySpanAt = (node: YamlNode, path: Path) =>
  entryOf(nodeAt(node, path.slice(0, -1)), String(path.at(-1)))?.keySpan;
