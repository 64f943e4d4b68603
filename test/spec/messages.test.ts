/** What a person sees for the mistakes that are made most: whole messages, place and excerpt included. */
import { describe, expect, it } from "vitest";
import { mistakesOf, transencoder } from "./fakeStages.ts";

/** The design's pipeline with some of its text replaced. */
function changed(...replacements: ReadonlyArray<readonly [from: string, to: string]>): string {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the pipeline has no ${from}`);
    return text.replace(from, to);
  }, transencoder);
}

describe("one mistake gives one message", () => {
  it("names a misspelt key and what was meant, without follow-on errors", () => {
    expect(mistakesOf(changed(["uses: train-simcse", "use: train-simcse"]))).toBe(
      `x.yaml:12:5: error: unknown key \`use\` in step \`bi0\`
  12 |     use: train-simcse
     |     ^^^
  hint: did you mean \`uses\`?

1 error
`,
    );
  });

  it("names a misspelt stage and what was meant", () => {
    expect(mistakesOf(changed(["uses: tokenize,", "uses: tokenise,"]))).toBe(
      `x.yaml:9:19: error: there is no stage \`tokenise\`
  9 |   tokens: { uses: tokenise, in: { tokenizer: backbone.tokenizer, sentences: corpus } }
    |                   ^^^^^^^^
  hint: did you mean \`tokenize\`?

1 error
`,
    );
  });

  it("lists the ports of a step that has not the one a link names", () => {
    expect(mistakesOf(changed(["model: backbone.model, sentences", "model: backbone.weights, sentences"]))).toBe(
      `x.yaml:13:18: error: step \`backbone\` (load-model) has no output port \`weights\`
  13 |     in: { model: backbone.weights, sentences: tokens }
     |                  ^^^^^^^^^^^^^^^^
  hint: output ports: model, encoder, tokenizer

1 error
`,
    );
  });

  it("names both ends and both types of a link that does not fit", () => {
    expect(mistakesOf(changed(["encoder: teacher", "encoder: tokens"]))).toBe(
      `x.yaml:19:71: error: \`distil.labels.encoder\` takes BiEncoder or CrossEncoder, but \`tokens\` (\`tokens.tokens\`) gives Tokens
  19 |       labels: { uses: pseudo-label, in: { pairs: tokenPairs, encoder: tokens } }
     |                                                                       ^^^^^^
  hint: these would fit: backbone.encoder, bi0

1 error
`,
    );
  });

  it("tells variants of a type apart", () => {
    expect(mistakesOf(changed(["scores: scores,", "scores: labels,"]))).toBe(
      `x.yaml:22:75: error: \`distil.student.scores\` takes Scores(probability), but \`labels\` (\`distil[1].labels.scores\`) gives Scores(cosine)
  22 |       student: { uses: train-bi-encoder, in: { pairs: tokenPairs, scores: labels, model: bi0 }, with: { loss: mse } }
     |                                                                           ^^^^^^
  hint: these would fit: scores

1 error
`,
    );
  });

  it("points at `next` where a carried value has the wrong type from cycle 2 on", () => {
    expect(mistakesOf(changed(["next: { teacher: student }", "next: { teacher: labels }"]))).toBe(
      `x.yaml:24:22: error: \`next\` makes \`teacher\` \`distil.labels.scores\`, which is Scores(cosine), but \`distil.labels.encoder\` takes BiEncoder or CrossEncoder
  24 |     next: { teacher: labels }
     |                      ^^^^^^
  hint: these would fit: backbone.encoder, bi0

1 error
`,
    );
  });

  it("names the steps on a circle in the order of the data", () => {
    expect(mistakesOf(changed(["model: backbone.model, sentences", "model: distil.teacher, sentences"]))).toBe(
      `x.yaml:13:18: error: these steps feed each other in a circle: bi0 → distil.labels → distil.cross → distil.scores → distil.student → bi0
  13 |     in: { model: distil.teacher, sentences: tokens }
     |                  ^^^^^^^^^^^^^^
  hint: take one of these links out; a value that goes round belongs in a loop with \`repeat\`, \`carry\` and \`next\`

1 error
`,
    );
  });

  it("asks for `next` where a loop carries something", () => {
    expect(mistakesOf(changed(["    next: { teacher: student }\n", ""]))).toBe(
      `x.yaml:17:5: error: loop \`distil\` has \`carry\` but no \`next\`: every cycle would see the same teacher
  17 |     carry: { teacher: bi0 }
     |     ^^^^^
  hint: say what it is in the following cycles: next: { teacher: <step> }

1 error
`,
    );
  });

  it("takes a per cent for the share it is", () => {
    expect(mistakesOf(changed(["temperature: 0.05", "temperature: 7 %"]))).toContain("write a share as a number: 0.07");
  });

  it("says what a setting must be, what it is, and how to write it", () => {
    const text = changed(["batchSize: 64", "batchSize: 64 pairs"], ["3e-5", '"3e-5"'], ["loss: bce", "loss: bcee"]);
    expect(mistakesOf(text)).toBe(
      `x.yaml:14:43: error: \`batchSize\` must be an integer of at least 1, not the text "64 pairs"
  14 |     with: { temperature: 0.05, batchSize: 64 pairs, learningRate: "3e-5" }
     |                                           ^^^^^^^^
  hint: write a bare number: 64 (batchSize: sentences in a step)

x.yaml:14:67: error: \`learningRate\` must be a number greater than 0, not the text "3e-5"
  14 |     with: { temperature: 0.05, batchSize: 64 pairs, learningRate: "3e-5" }
     |                                                                   ^^^^^^
  hint: write it without quotes: 3e-5 (learningRate: peak rate of AdamW, above 0)

x.yaml:20:123: error: \`loss\` must be one of bce, mse, not the text "bcee"
  20 | … model: backbone.model }, with: { loss: bcee } }
     |                                          ^^^^
  hint: did you mean \`bce\`? (loss: what is minimised)

3 errors
`,
    );
  });

  it("names the argument of an unknown parameter", () => {
    expect(mistakesOf(transencoder, { sets: ["cycels=4"] })).toBe(
      `--set cycels=4: error: there is no parameter \`cycels\`
  hint: did you mean \`cycles\`?

1 error
`,
    );
  });

  it("says of a key of a later version that this one does not support it", () => {
    expect(mistakesOf(changed(["uses: train-simcse", "uses: train-simcse\n    branch: true"]))).toBe(
      `x.yaml:13:5: error: \`branch\` is not supported in this version
  13 |     branch: true
     |     ^^^^^^
  hint: remove it

1 error
`,
    );
  });
});

describe("several mistakes", () => {
  it("are all shown at once, in the order of the file, arguments first", () => {
    const text = changed(
      ["uses: tokenize,", "uses: tokenise,"],
      ["batchSize: 64", "batchSize: -1"],
      ["repeat:", "repaet:"],
      ["encoder: teacher", "encoder: techer"],
      ["distil.teacher", "distil.student"],
    );
    expect(mistakesOf(text, { sets: ["cycles=many"] })).toBe(
      `--set cycles=many: error: parameter \`cycles\` must be a number like 3, not the text "many"
  hint: its type is that of its default in the file

x.yaml:9:19: error: there is no stage \`tokenise\`
  9 |   tokens: { uses: tokenise, in: { tokenizer: backbone.tokenizer, sentences: corpus } }
    |                   ^^^^^^^^
  hint: did you mean \`tokenize\`?

x.yaml:14:43: error: \`batchSize\` must be an integer of at least 1, not the number -1
  14 |     with: { temperature: 0.05, batchSize: -1, learningRate: 3e-5 }
     |                                           ^^
  hint: batchSize: sentences in a step

x.yaml:16:5: error: unknown key \`repaet\` in loop \`distil\`
  16 |     repaet: "\${params.cycles}"
     |     ^^^^^^
  hint: did you mean \`repeat\`?

x.yaml:19:71: error: there is no step \`techer\` here
  19 |       labels: { uses: pseudo-label, in: { pairs: tokenPairs, encoder: techer } }
     |                                                                       ^^^^^^
  hint: did you mean \`teacher\`?

x.yaml:25:21: error: \`student\` is a step of loop \`distil\`, once in each cycle
  25 | outputs: { encoder: distil.student }
     |                     ^^^^^^^^^^^^^^
  hint: say which cycle: \`distil[last].student\`, \`distil[1].student\`, or \`distil[*].student\` for all

6 errors
`,
    );
  });

  it("of one setting in all cycles of a loop are one", () => {
    const text = changed(["loss: bce", 'loss: "a${cycle}"']);
    expect(mistakesOf(text)).toContain('`loss` must be one of bce, mse, not the text "a1"');
    expect(mistakesOf(text)).toContain("\n1 error\n");
  });
});

const message = (text: string) => mistakesOf(text).replaceAll(/\n .*\|.*/g, "");

describe("a key or name in the wrong place", () => {
  it("is told where it belongs", () => {
    const text = changed([
      "with: { temperature: 0.05, batchSize: 64, learningRate: 3e-5 }",
      "temperature: 0.05\n    sentences: tokens\n    with: { model: backbone.model, seed: 3 }",
    ]);
    expect(message(text)).toBe(`x.yaml:14:5: error: unknown key \`temperature\` in step \`bi0\`
  hint: \`temperature\` is a setting: write it under \`with\`

x.yaml:15:5: error: unknown key \`sentences\` in step \`bi0\`
  hint: \`sentences\` is an input port: write it under \`in\`

x.yaml:16:13: error: stage \`train-simcse\` has no setting \`model\`
  hint: \`model\` is an input port: write it under \`in\`

x.yaml:16:36: error: stage \`train-simcse\` has no setting \`seed\`
  hint: \`seed\` is a key of the step, beside \`with\`

4 errors
`);
  });

  it("an unknown input port is listed with those there are, and a missing one is asked for", () => {
    expect(
      message(
        changed(["in: { model: backbone.model, sentences: tokens }", "in: { model: backbone.model, x: tokens }"]),
      ),
    ).toBe(`x.yaml:11:3: error: step \`bi0\` has nothing linked to its input port \`sentences\` (Tokens)
  hint: add it: in: { sentences: <step> } (what is trained on)

x.yaml:13:34: error: stage \`train-simcse\` has no input port \`x\`
  hint: its input ports: model (Backbone, BiEncoder or CrossEncoder), sentences (Tokens)

2 errors
`);
  });

  it("a seed on a stage without randomness is an error", () => {
    expect(message(changed(["uses: tokenize,", "uses: tokenize, seed: 3,"]))).toBe(
      `x.yaml:9:29: error: stage \`tokenize\` uses no seed
  hint: remove \`seed\`

1 error
`,
    );
  });

  it("an expression in `uses` is refused, as is a stage of one's own where nobody loads it", () => {
    const text = changed(["uses: tokenize,", "uses: ./mine.ts,"], ["uses: train-simcse", 'uses: "${params.cycles}"']);
    expect(message(text)).toBe(
      `x.yaml:9:19: error: a stage of your own (\`./mine.ts\`) cannot be used here

x.yaml:12:11: error: \`uses\` is always literal: no expression can stand here
  hint: write the stage's name

2 errors
`,
    );
  });
});
