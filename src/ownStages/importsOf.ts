/** What one source imports, and what in it cannot be allowed: read off its module record, the tree itself is never built. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface SourceImports {
  readonly imports: ReadonlyArray<Span & { readonly specifier: string }>;
  readonly refused: ReadonlyArray<Span & { readonly kind: "computed" | "meta" | "createRequire" }>;
  readonly errors: ReadonlyArray<Span & { readonly message: string }>;
  readonly defaultExport: Span | undefined;
}

interface Entry extends Span {
  readonly isType: boolean;
}

/** The part of oxc's parse result (`rolldown/utils`) that is read. */
export type ParseModule = (
  path: string,
  text: string,
) => {
  readonly module: {
    readonly staticImports: ReadonlyArray<{
      readonly moduleRequest: Span & { readonly value: string };
      readonly entries: ReadonlyArray<{
        readonly isType: boolean;
        readonly importName: { readonly name: string | null };
        readonly localName: Span;
      }>;
    }>;
    readonly staticExports: ReadonlyArray<
      Span & {
        readonly entries: ReadonlyArray<
          Entry & {
            readonly moduleRequest: (Span & { readonly value: string }) | null;
            readonly exportName: { readonly kind: string; readonly name: string | null };
          }
        >;
      }
    >;
    readonly dynamicImports: ReadonlyArray<Span & { readonly moduleRequest: Span }>;
    readonly importMetas: ReadonlyArray<Span>;
  };
  readonly errors: ReadonlyArray<{
    readonly severity: string;
    readonly message: string;
    readonly labels: ReadonlyArray<Span>;
  }>;
};

/** @param path its ending tells the language */
export function importsOf(path: string, text: string, parse: ParseModule): SourceImports {
  const { module, errors } = parse(path, text);
  const { staticImports, staticExports, dynamicImports, importMetas } = module;
  const imports: Array<Span & { specifier: string }> = [];
  const refused: Array<SourceImports["refused"][number]> = importMetas.map(({ start, end }) => ({
    kind: "meta",
    start,
    end,
  }));
  for (const { moduleRequest, entries } of staticImports) {
    const { value: specifier, start, end } = moduleRequest;
    // Types are gone before anything runs.
    if (entries.length > 0 && entries.every(({ isType }) => isType)) continue;
    imports.push({ specifier, start, end });
    if (!/^(node:)?module$/.test(specifier)) continue;
    const loader = entries.find(({ importName }) => importName.name === "createRequire" || importName.name === null);
    if (loader !== undefined) refused.push({ kind: "createRequire", ...spanOf(loader.localName) });
  }
  for (const entry of staticExports.flatMap((each) => each.entries)) {
    if (entry.moduleRequest === null || entry.isType) continue;
    imports.push({ specifier: entry.moduleRequest.value, ...spanOf(entry.moduleRequest) });
  }
  for (const { moduleRequest, start, end } of dynamicImports) {
    const specifier = literalAt(text.slice(moduleRequest.start, moduleRequest.end));
    if (specifier === undefined) refused.push({ kind: "computed", start, end });
    else imports.push({ specifier, ...spanOf(moduleRequest) });
  }
  const byDefault = staticExports.find(({ entries }) => entries.some(isDefault));
  return {
    imports,
    refused,
    errors: errors.filter(({ severity }) => severity === "Error").map(errorSpan),
    defaultExport: byDefault,
  };
}

const spanOf = ({ start, end }: Span): Span => ({ start, end });

const isDefault = (entry: { readonly exportName: { readonly kind: string; readonly name: string | null } }): boolean =>
  entry.exportName.kind === "Default" || entry.exportName.name === "default";

const errorSpan = ({ message, labels }: { readonly message: string; readonly labels: ReadonlyArray<Span> }) => ({
  message,
  start: labels[0]?.start ?? 0,
  end: labels[0]?.end ?? 1,
});

/** The text of a string literal without escapes; undefined for any other expression. */
const literalAt = (expression: string): string | undefined => /^(["'`])([^"'`\\$]*)\1$/.exec(expression.trim())?.[2];
