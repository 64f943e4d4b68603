/** What `defineStage` infers, checked by `npm run types`; and what a `run` may give. */
import * as HostEffect from "effect/Effect";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { AnyStage, Stage, StageContext } from "../../src/core/Stage.ts";
import {
  BiEncoder,
  CrossEncoder,
  defineStage,
  Effect,
  Engine,
  input,
  inputOneOf,
  listInput,
  Metrics,
  optionalInput,
  output,
  Pairs,
  path,
  Progress,
  Schema,
  Sentences,
  StageFailure,
} from "../../src/tandem.ts";

const parts = {
  name: "typed",
  config: Schema.Struct({
    least: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(3))),
    list: Schema.optionalKey(path("A file.")),
  }),
  inputs: {
    one: input(Sentences, ""),
    some: optionalInput(Pairs, ""),
    many: listInput(Metrics, ""),
    model: inputOneOf<BiEncoder | CrossEncoder>([BiEncoder, CrossEncoder], ""),
  },
  outputs: { sentences: output(Sentences, ""), metrics: output(Metrics, "") },
};
const result = { sentences: { texts: ["a"] }, metrics: { rows: [] } };
const context = { config: { least: 3 }, inputs: {}, inputDigests: {}, seed: 0, files: {} };

const outputsOf = (stage: AnyStage): Promise<unknown> =>
  HostEffect.runPromise(stage.run(context) as HostEffect.Effect<unknown, StageFailure>);

const failing = (error: Error) => [
  defineStage({ ...parts, run: async () => Promise.reject(error) }),
  defineStage({
    ...parts,
    run: () => {
      throw error;
    },
  }),
];

describe("defineStage for one's own", () => {
  it("types config, inputs and outputs, by the ports and the schema", () => {
    const stage = defineStage({
      ...parts,
      run: ({ config, inputs, seed, files }) => {
        expectTypeOf(config).toEqualTypeOf<{ readonly least: number; readonly list?: string }>();
        expectTypeOf(inputs.one).toEqualTypeOf<Sentences>();
        expectTypeOf(inputs.some).toEqualTypeOf<Pairs | undefined>();
        expectTypeOf(inputs.many).toEqualTypeOf<ReadonlyArray<Metrics>>();
        expectTypeOf(inputs.model).toEqualTypeOf<BiEncoder | CrossEncoder>();
        expectTypeOf(seed).toEqualTypeOf<number>();
        expectTypeOf(files["list"]?.[0]?.path).toEqualTypeOf<string | undefined>();
        return result;
      },
    });
    expectTypeOf(stage).toExtend<Stage<{ readonly least: number }, typeof parts.inputs, typeof parts.outputs, never>>();
    expectTypeOf<Parameters<typeof stage.run>[0]>().toExtend<StageContext<{ readonly least: number }, object>>();
    expect(stage).toMatchObject({ version: 1, description: "", runsIn: "worker", usesSeed: false, usesEngine: false });
  });

  it("refuses outputs that are not those of the ports, and services that nobody provides", () => {
    // @ts-expect-error -- `metrics` is missing
    defineStage({ ...parts, run: () => ({ sentences: { texts: ["a"] } }) });
    // @ts-expect-error -- `texts` are texts
    defineStage({ ...parts, run: async () => ({ ...result, sentences: { texts: [1] } }) });
    // @ts-expect-error -- a stage fails with a StageFailure
    defineStage({ ...parts, run: () => Effect.fail(new Error("no")) });
    // @ts-expect-error -- there is no such setting
    defineStage({ ...parts, run: ({ config }) => (config.most > 3 ? result : result) });
    const stage = defineStage({
      ...parts,
      usesEngine: true,
      run: Effect.fnUntraced(function* () {
        const progress = yield* Progress;
        const engine = yield* Engine;
        progress.report({ done: 1, total: 2, unit: engine.identity.name });
        return result;
      }),
    });
    expectTypeOf<HostEffect.Services<ReturnType<typeof stage.run>>>().toEqualTypeOf<Progress | Engine>();
  });

  it.each([
    ["an effect", () => Effect.succeed(result)],
    ["the outputs", () => result],
    ["a promise of them", async () => result],
  ])("takes %s from `run`", async (_, run) => {
    expect(await outputsOf(defineStage({ ...parts, run }))).toEqual(result);
  });

  it("takes a StageFailure that is thrown for the failure it is, and anything else for a fault", async () => {
    const failure = new StageFailure({ cause: "stage-error", message: "There is nothing to read." });
    for (const stage of failing(failure)) {
      const run = stage.run(context as never) as HostEffect.Effect<unknown, StageFailure>;
      expect(await HostEffect.runPromise(HostEffect.flip(run))).toBe(failure);
    }
    for (const stage of failing(new RangeError("off by one"))) {
      const exit = await HostEffect.runPromiseExit(
        stage.run(context as never) as HostEffect.Effect<unknown, StageFailure>,
      );
      expect(JSON.stringify(exit)).toContain("Die");
    }
  });
});
