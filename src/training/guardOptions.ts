/**
 * The setting `guards` of the training stages: what is done where a training goes wrong. It decides whether there is a result,
 * never which; that it is part of the key makes a record say that no guard ended the training (docs/adr/0018). Light to import.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";

/** What happens where a guard finds what it looks for. `ignore`: it does not look. */
export type Reaction = "fail" | "warn" | "ignore";

export interface Reactions {
  readonly diverged?: "fail";
  readonly stuck?: Reaction;
  readonly collapsed?: Reaction;
  readonly labels?: Reaction;
}
export type GuardName = keyof Reactions;

/** What trainings did before they had the setting; `collapsed` is newer, but what it warns of changes no output. */
export const guardDefaults = { diverged: "fail", stuck: "warn", collapsed: "warn", labels: "warn" } as const;

const reaction = (name: Exclude<GuardName, "diverged">, description: string) =>
  Schema.Literals(["fail", "warn", "ignore"])
    .annotate({
      description: `${description} Default ${guardDefaults[name]}.`,
      default: guardDefaults[name],
      absentMeans: guardDefaults[name],
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(guardDefaults[name])));

/** All there are; a stage takes those that mean something to it. */
export const guardFields = {
  diverged: Schema.Literals(["fail"])
    .annotate({
      description:
        "The loss or a gradient is no number. It always fails: an update with it would leave no number in the model. Default fail.",
      default: guardDefaults.diverged,
      absentMeans: guardDefaults.diverged,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(guardDefaults.diverged))),
  stuck: reaction(
    "stuck",
    "For 50 updates in a row the loss stays within 1 % of ln of the batch size, its value for embeddings that are all equal.",
  ),
  collapsed: reaction(
    "collapsed",
    "For 50 updates in a row the embeddings of a batch are all but equal: uniformity above -0.02.",
  ),
  labels: reaction("labels", "Scores to learn are outside what the loss can take; told before the first update."),
};

/** The setting with the given fields, all at their defaults where it is left out. */
export function guardsField<Fields extends Partial<typeof guardFields>>(fields: Fields) {
  const names = Object.keys(fields) as ReadonlyArray<GuardName>;
  return Schema.Struct(fields)
    .annotate({
      description: `What is done where the training goes wrong; it decides whether there is a result, never which. Default: ${names.map((name) => `${name} ${guardDefaults[name]}`).join(", ")}.`,
      absentMeans: Object.fromEntries(names.map((name) => [name, guardDefaults[name]])),
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed({} as never))); // cast: every field has a default of its own
}
