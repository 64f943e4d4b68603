/**
 * What the steps of a `tokenizer.json` are made with: typed access to their settings, a place for what is wrong with them, and
 * the translation of their regular expressions.
 */
import type { Json } from "../../core/canonicalJson.ts";

export type Settings = { readonly [key: string]: Json };

export const settingsOf = (value: Json | undefined): Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Settings) : {};

/** Oniguruma's notation, which these files are written in, as a pattern of JavaScript with the flags `gu`. */
export type Translate = (oniguruma: string) => RegExp;

export class StepBuilder {
  readonly problems: Array<string>;
  private readonly translate: Translate;

  /** @param problems is added to: one clause for each thing that is not supported */
  constructor(problems: Array<string>, translate: Translate) {
    this.problems = problems;
    this.translate = translate;
  }

  /** The step that `json` describes, by its type; `kinds` has one maker for each supported type. */
  make<Step>(
    role: string,
    json: Json | undefined,
    kinds: { readonly [type: string]: (settings: Settings, builder: StepBuilder) => Step },
    nothing: Step,
  ): Step {
    if (json === null || json === undefined) return nothing;
    const settings = settingsOf(json);
    const type = settings["type"];
    if (typeof type === "string" && Object.hasOwn(kinds, type)) return kinds[type]!(settings, this);
    this.problems.push(
      `its ${role} is of type ${JSON.stringify(type ?? null)}; ${Object.keys(kinds).join(", ")} are supported`,
    );
    return nothing;
  }

  steps(settings: Settings, key: string): ReadonlyArray<Json> {
    const list = settings[key];
    if (Array.isArray(list)) return list as ReadonlyArray<Json>;
    this.problems.push(`its ${String(settings["type"])} has no list ${key}`);
    return [];
  }

  text(settings: Settings, key: string, absent?: string): string {
    const value = settings[key] ?? absent;
    if (typeof value === "string") return value;
    this.wrong(settings, key, "a text");
    return "";
  }

  flag(settings: Settings, key: string, absent: boolean): boolean {
    const value = settings[key] ?? absent;
    if (typeof value === "boolean") return value;
    this.wrong(settings, key, "true or false");
    return absent;
  }

  oneOf<Choice extends string>(
    settings: Settings,
    key: string,
    choices: ReadonlyArray<Choice>,
    absent: Choice,
  ): Choice {
    const value = settings[key] ?? absent;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.wrong(settings, key, `one of ${choices.join(", ")}`);
    return found ?? absent;
  }

  count(settings: Settings, key: string, absent: number): number {
    const value = settings[key] ?? absent;
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
    this.wrong(settings, key, "a whole number above 0");
    return absent;
  }

  /** `{"String": …}` or `{"Regex": …}`, with the flag `g`. */
  pattern(settings: Settings): RegExp {
    const { String: text, Regex: regex } = settingsOf(settings["pattern"]);
    if (typeof text === "string") return new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "gu");
    if (typeof regex === "string") {
      try {
        return this.translate(regex);
      } catch (cause) {
        this.problems.push(
          `the pattern ${regex} of its ${String(settings["type"])} is not supported (${cause instanceof Error ? cause.message : String(cause)})`,
        );
        return /$^/gu;
      }
    }
    this.wrong(settings, "pattern", "a String or a Regex");
    return /$^/gu;
  }

  private wrong(settings: Settings, key: string, wanted: string): void {
    this.problems.push(
      `${key} of its ${String(settings["type"])} is ${JSON.stringify(settings[key] ?? null)}, not ${wanted}`,
    );
  }
}
