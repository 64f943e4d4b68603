/**
 * The structure of a pipeline file as schemas. They check what is written before anything is resolved, and the JSON Schema
 * for editors is made of them. `steps` is opaque here: its members are a step or a loop, told apart by their keys, so that a
 * mistake in one is not reported as "neither of the two".
 */
import * as Schema from "effect/Schema";
import { retriedCauses } from "../core/limits.ts";

/** Names of steps, loops, ports, parameters: what links can spell. */
export const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;

const expression = Schema.String.check(Schema.isPattern(/^\$\{[^}]*\}$/));
const natural = Schema.Number.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0));
const naturalOrExpression = (expected: string, description: string) =>
  Schema.Union([natural, expression]).annotate({ expected, description });

export const linkForms =
  "A link: `step`, `step.port`, `step[axis=value]`, `step[*]`, `loop[2].step.port`, `loop[last].…`, `loop[*].…`, `loop.carriedName`.";

const LinkText = Schema.String.annotate({
  expected: "a link such as `step`, `step.port` or `loop[last].step`",
  description: linkForms,
}).check(Schema.isNonEmpty());
const LinkOrList = Schema.Union([LinkText, Schema.Array(LinkText)]).annotate({
  expected: "a link such as `step.port`, or a list of links",
  description: "A link, or for list ports also a list of links.",
});

const Seed = naturalOrExpression(
  "an integer from 0",
  "The seed which stages that declare randomness inherit; an integer from 0.",
);

const scalar = Schema.Union([Schema.Finite, Schema.String, Schema.Boolean]);
const Matrix = Schema.Record(
  Schema.String,
  Schema.Union([Schema.Array(scalar), expression]).annotate({
    expected: "a list of numbers, texts, true or false, or one whole expression that gives one",
  }),
).annotate({
  description:
    "Axis → its values: one cell for each combination, named `step[loss=bce,seed=1]`, in which `${matrix.loss}` is the value.",
});
const ParameterDefault = Schema.Union([scalar, Schema.Array(scalar)]).annotate({
  expected: "a number, a text, true or false, or a list of these",
  description: "The default; its type is the parameter's type.",
});

export const FileSchema = Schema.Struct({
  name: Schema.optionalKey(
    Schema.NonEmptyString.annotate({ description: "The pipeline's name in reports; the file's name if left out." }),
  ),
  seed: Schema.optionalKey(Seed),
  params: Schema.optionalKey(
    Schema.Record(Schema.String, ParameterDefault).annotate({
      description: "Parameters and their defaults, overridden by `--set name=value` or PIPELINE_SET_name=value.",
    }),
  ),
  steps: Schema.Record(Schema.String, Schema.Unknown).annotate({ description: "Steps and loops by name." }),
  outputs: Schema.optionalKey(
    Schema.Record(Schema.String, LinkText).annotate({
      description: "What `export`, `encode` and the report take when no step is named.",
    }),
  ),
  extends: Schema.optionalKey(
    Schema.NonEmptyString.annotate({
      description:
        "Another pipeline file, relative to this one, that this one is a variant of: what stands here is merged over it, `~` takes out.",
    }),
  ),
});

/** With the flag `u`, without which it is missing in the JSON Schema. */
const durationPattern = /^\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)$/u;
const duration = (expected: string, description: string) =>
  Schema.String.annotate({ expected, description }).check(Schema.isPattern(durationPattern));
const times = Schema.Number.annotate({
  expected: "an integer from 0 to 100",
  description: "How often it is tried again, 0 to 100.",
}).check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 100 }));
const count = (least: number, description: string) =>
  Schema.Number.annotate({ expected: `an integer from ${least}`, description }).check(
    Schema.isInt(),
    Schema.isGreaterThanOrEqualTo(least),
  );
const exampleDuration = "a duration such as 90s, 15m or 2h";

const Timeout = Schema.Union([
  duration(exampleDuration, "How long it may run."),
  Schema.Struct({
    total: Schema.optionalKey(duration(exampleDuration, "How long it may run.")),
    progress: Schema.optionalKey(
      duration(exampleDuration, "How long it may go without reporting progress: longer than its longest batch."),
    ),
  }),
]).annotate({
  expected: `${exampleDuration}, or a mapping of total, progress`,
  description:
    "How long it may run, such as 90s, 15m or 2h; or total and progress, of which the second ends a step that reported no progress for so long. It then fails, and its checkpoint stays.",
});

const Retry = Schema.Union([
  times,
  Schema.Struct({
    times,
    on: Schema.optionalKey(
      Schema.Array(Schema.Literals(retriedCauses)).annotate({
        description: "After which failures; by default killed, out-of-memory, timeout.",
      }),
    ),
    wait: Schema.optionalKey(
      duration(
        "a duration such as 500ms, 10s or 5m",
        "How long to wait before the second try, doubled before each further one; by default 1s.",
      ),
    ),
  }),
]).annotate({
  expected: "an integer from 0 to 100, or a mapping of times, on, wait",
  description: "How often it is tried again after a failure that another try can mend: a number, or times, on, wait.",
});

const Resources = Schema.Struct({
  cpu: Schema.optionalKey(
    count(
      1,
      "Cores that it claims, and threads that it computes with; by default all, or its share where --jobs is given.",
    ),
  ),
  memory: Schema.optionalKey(
    Schema.String.annotate({
      expected: "an amount of memory such as 500MB or 4GB",
      description: "Memory that it claims: steps that need more than the machine has together do not run at once.",
    }).check(Schema.isPattern(/^\d+(?:\.\d+)?\s*[kKmMgGtT]?[bB]$/u)),
  ),
  gpu: Schema.optionalKey(count(0, "GPUs that it claims.")),
}).annotate({
  expected: "a mapping of cpu, memory, gpu",
  description: "What it claims of the machine: cpu, memory, gpu.",
});

/**
 * On what terms a step runs, apart from what it makes: none of it enters a key. Decoded with expressions filled in and `--set`s
 * applied, so that the step's own schema leaves these values open.
 */
export const TermsSchema = Schema.Struct({
  timeout: Schema.optionalKey(Timeout),
  retry: Schema.optionalKey(Retry),
  resources: Schema.optionalKey(Resources),
  pin: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "True: garbage collection keeps what it made for as long as the file says so.",
    }),
  ),
});
export type Terms = typeof TermsSchema.Type;

/** The keys of a step that `TermsSchema` decodes. */
export const termKeys = ["timeout", "retry", "resources", "pin"] as const satisfies ReadonlyArray<keyof Terms>;
const decodedLater = Schema.optionalKey(Schema.Unknown);

export const StepSchema = Schema.Struct({
  uses: Schema.NonEmptyString.annotate({ description: "The stage this step uses; `pipeline stages` lists them." }),
  in: Schema.optionalKey(
    Schema.Record(Schema.String, LinkOrList).annotate({ description: "Input port → the output it is linked to." }),
  ),
  with: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Unknown).annotate({ description: "The stage's settings." }),
  ),
  seed: Schema.optionalKey(Seed),
  matrix: Schema.optionalKey(Matrix),
  timeout: decodedLater,
  retry: decodedLater,
  resources: decodedLater,
  pin: decodedLater,
});

export const StopSchema = Schema.Struct({
  metric: Schema.NonEmptyString.annotate({
    expected: "a step of the loop and one of its numbers, such as `devEval.average`",
    description: "What is watched: a step of the loop and one of its numbers, such as `devEval.average`.",
  }),
  patience: Schema.optionalKey(
    naturalOrExpression(
      "an integer from 1",
      "The loop ends when so many cycles in a row brought nothing better; an integer from 1, by default 1.",
    ),
  ),
  better: Schema.optionalKey(
    Schema.Literals(["higher", "lower"]).annotate({
      description: "Which value is the better one; by default the higher one.",
    }),
  ),
});

export const LoopSchema = Schema.Struct({
  repeat: naturalOrExpression(
    "an integer from 0, or one whole expression such as ${params.cycles}",
    "The number of cycles: an integer from 0, or one whole expression.",
  ),
  carry: Schema.optionalKey(
    Schema.Record(Schema.String, LinkText).annotate({ description: "Name → what it is in cycle 1." }),
  ),
  steps: Schema.Record(Schema.String, Schema.Unknown).annotate({
    description: "The steps of each cycle. A name is looked up here first, then among the carried names, then outside.",
  }),
  next: Schema.optionalKey(
    Schema.Record(Schema.String, LinkText).annotate({ description: "Name → what it is in the following cycles." }),
  ),
  seed: Schema.optionalKey(Seed),
  matrix: Schema.optionalKey(Matrix),
  stop: Schema.optionalKey(
    Schema.Unknown.annotate({
      description:
        "When the loop ends before `repeat` cycles are done. Each decision is a recorded step `loop[2].stop`.",
    }),
  ),
});

/** Keys of the language that this version knows by name only. */
export const reservedKeys = {
  file: new Set(["stop", "branch"]),
  step: new Set(["branch", "extends"]),
  loop: new Set(["pin", "retry", "timeout", "resources", "branch", "extends"]),
  stop: new Set<string>(),
} as const;

export type Shape = keyof typeof reservedKeys;
