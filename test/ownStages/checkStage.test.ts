import { describe, expect, it } from "vitest";
import { mistakesOf } from "../../src/ownStages/checkStage.ts";
import { defineStage, Effect, input, output, outputSameAs, Schema, Sentences } from "../../src/tandem.ts";

const sound = defineStage({
  name: "mine",
  config: Schema.Struct({}),
  inputs: { from: input(Sentences, "Sentences") },
  outputs: { to: output(Sentences, "Sentences"), same: outputSameAs<Sentences>("from", "The same") },
  run: ({ inputs }) => ({ to: inputs.from, same: inputs.from }),
});
const builtIn = new Set(["sample"]);
const messages = (stage: unknown) => mistakesOf(stage, builtIn).map(({ message }) => message);

describe("a default export that is a stage", () => {
  it("has no mistakes", () => {
    expect(messages(sound)).toEqual([]);
    expect(
      messages({ ...sound, config: Schema.Struct({ a: Schema.Int }).check(Schema.makeFilter(() => true)) }),
    ).toEqual([]);
    expect(messages({ ...sound, runsIn: "driver" })).toEqual([]);
  });

  it.each([
    [42, "exports by default what is no stage (a number)"],
    [null, "exports by default what is no stage (null)"],
    [{}, "exports by default what is no stage: it has no name, config, inputs, outputs, run"],
    [{ ...sound, name: "sample" }, "has the name of a stage that there is already, `sample`"],
    [{ ...sound, name: "two words" }, "has the name `two words`"],
    [{ ...sound, version: 1.5 }, "has the version 1.5"],
    [{ ...sound, config: { least: 3 } }, "has a `config` that is no schema (an object)"],
    [{ ...sound, config: Schema.String }, "has a `config` that is no mapping of settings"],
    [
      { ...sound, inputs: [], outputs: sound.outputs },
      "has an output port `same` that gives the same as input `from`, which there is not (it has none)",
    ],
    [{ ...sound, inputs: { from: Sentences } }, "has an input port `from` that takes no artifact type"],
    [{ ...sound, outputs: {} }, "has no outputs"],
    [{ ...sound, outputs: { to: { type: { name: "Mine" } } } }, "has an output port `to` that gives no artifact type"],
    [{ ...sound, outputs: { "a b": sound.outputs.to } }, "has an output port named `a b`, which no link can spell"],
    [{ ...sound, run: Effect.void }, "has a `run` that is no function (an object)"],
    [{ ...sound, runsIn: "cloud" }, "runs in `cloud`"],
    [{ ...sound, runsIn: "driver", usesEngine: true }, "uses the engine in the driver"],
  ])("%#: one that is none is told what is wrong", (stage, message) => {
    expect(messages(stage)).toEqual([message]);
  });

  it("hears of all its mistakes at once", () => {
    expect(messages({ ...sound, name: "", version: -1, run: 1, outputs: {} })).toHaveLength(4);
  });
});
