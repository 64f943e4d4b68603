/** The few colours the terminal gets; names say what they mean, so that a look can be changed in one place. */
export interface Colors {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly wary: (text: string) => string;
  readonly active: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const wrap = (open: number, close: number) => (text: string) =>
  text === "" ? "" : `\u001b[${open}m${text}\u001b[${close}m`;

const ansi: Colors = {
  good: wrap(32, 39),
  bad: wrap(31, 39),
  wary: wrap(33, 39),
  active: wrap(36, 39),
  faint: wrap(2, 22),
  strong: wrap(1, 22),
};

const same = (text: string) => text;
const none: Colors = { good: same, bad: same, wary: same, active: same, faint: same, strong: same };

export const colorsOf = (enabled: boolean): Colors => (enabled ? ansi : none);

/** Colours on a terminal, unless NO_COLOR (no-color.org) or a dumb terminal says otherwise. */
export const wantsColor = (
  stream: { readonly isTTY?: boolean },
  env: { readonly [name: string]: string | undefined },
) => stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
