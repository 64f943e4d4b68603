/** `timeout`, `retry`, `resources` and `pin` as they are written, and what of the language this version does not do. */
import { describe, expect, it } from "vitest";
import type { PipelineRequest } from "../../src/spec/loadPipeline.ts";
import { graphOf, mistakesOf } from "./fakeStages.ts";

const stepOf = (written: string, request: Partial<PipelineRequest> = {}) =>
  graphOf(`params: { hours: 2, keep: true }\nsteps: { a: { uses: count, ${written} } }\n`, request).steps[0]!;
const limitsOf = (written: string) => stepOf(written).limits;
const message = (text: string, request: Partial<PipelineRequest> = {}) =>
  mistakesOf(text, request).replaceAll(/\n .*\|.*/g, "");

describe("the terms of a step", () => {
  it("timeout and retry are read with their units and defaults", () => {
    expect(limitsOf("timeout: 90s")).toEqual({ timeoutMs: 90_000 });
    expect(limitsOf("timeout: 1.5 h, retry: 0")).toEqual({ timeoutMs: 5_400_000 });
    expect(limitsOf("timeout: { total: 2h, progress: 10m }")).toEqual({
      timeoutMs: 7_200_000,
      progressTimeoutMs: 600_000,
    });
    expect(limitsOf("timeout: { progress: 1d }")).toEqual({ progressTimeoutMs: 86_400_000 });
    expect(limitsOf("retry: 2")).toEqual({
      retry: { times: 2, on: ["killed", "out-of-memory", "timeout"], waitMs: 1000 },
    });
    expect(limitsOf("retry: { times: 1, on: [stage-error], wait: 10s }")).toEqual({
      retry: { times: 1, on: ["stage-error"], waitMs: 10_000 },
    });
    expect(limitsOf("with: {}")).toBeUndefined();
  });

  it("resources are numbers, memory in decimal units", () => {
    expect(stepOf("resources: { cpu: 2, memory: 1.5 GB, gpu: 0 }").resources).toEqual({
      cpu: 2,
      memoryBytes: 1_500_000_000,
      gpu: 0,
    });
    expect(stepOf("resources: { memory: 500mb }").resources).toEqual({ memoryBytes: 500_000_000 });
    expect(stepOf("resources: {}")).not.toHaveProperty("resources");
  });

  it("only what is pinned says so", () => {
    expect(stepOf("pin: true").pin).toBe(true);
    expect(stepOf("pin: false")).not.toHaveProperty("pin");
  });

  it("may hold expressions, which differ from cycle to cycle and from cell to cell", () => {
    const { steps } = graphOf(
      `params: { keep: true, tries: 3 }
steps:
  cells: { uses: count, matrix: { cores: [1, 2] }, resources: { cpu: "\${matrix.cores}" } }
  loop:
    repeat: 2
    steps:
      a: { uses: count, timeout: "\${cycle}h", pin: "\${params.keep}", retry: { times: "\${params.tries}", wait: "\${env.WAIT}" } }
`,
      { env: { WAIT: "5s" } },
    );
    expect(steps.map(({ id, resources, limits, pin }) => [id, resources?.cpu, limits?.timeoutMs, pin])).toEqual([
      ["cells[cores=1]", 1, undefined, undefined],
      ["cells[cores=2]", 2, undefined, undefined],
      ["loop[1].a", undefined, 3_600_000, true],
      ["loop[2].a", undefined, 7_200_000, true],
    ]);
    expect(steps[2]!.limits!.retry).toMatchObject({ times: 3, waitMs: 5000 });
  });

  it("may be set by arguments, also where the file says nothing", () => {
    const sets = ["a.timeout=1h", "a.retry.times=4", "a.resources.gpu=1", "a.pin=true"];
    expect(stepOf("timeout: { total: 5h }, retry: { times: 1, wait: 2s }", { sets })).toMatchObject({
      limits: { timeoutMs: 3_600_000, retry: { times: 4, waitMs: 2000 } },
      resources: { gpu: 1 },
      pin: true,
    });
    const inLoop = "steps: { loop: { repeat: 2, steps: { a: { uses: count } } } }\n";
    expect(graphOf(inLoop, { sets: ["loop.a.timeout.progress=5m"] }).steps.map(({ limits }) => limits)).toEqual([
      { progressTimeoutMs: 300_000 },
      { progressTimeoutMs: 300_000 },
    ]);
  });
});

describe("mistakes in the terms of a step", () => {
  it("what is wrong with them is told, and what this version does not heed is refused", () => {
    const text = `steps:
  a: { uses: count, timeout: 15, retry: { times: 2, unless: x, on: [never] } }
  b: { uses: count, pin: yes, resources: { cpu: 0, memory: 4, gpus: 1 } }
  c: { repeat: 1, timeout: 5m, steps: { d: { uses: count, retry: -1 } } }
  e: { uses: count, retry: { time: 2 }, timeout: { total: soon } }
  f: { uses: count, retry: { wait: 2s } }
`;
    expect(message(text)).toBe(
      `x.yaml:2:30: error: step \`a\`: \`timeout\` must be a duration such as 90s, 15m or 2h, or a mapping of total, progress, not the number 15

x.yaml:2:53: error: unknown key \`unless\` in \`retry\` of step \`a\`
  hint: keys: times, on, wait

x.yaml:2:69: error: step \`a\`: \`retry.on[1]\` must be one of killed, out-of-memory, timeout, stage-error, not the text "never"

x.yaml:3:26: error: step \`b\`: \`pin\` must be true or false, not the text "yes"

x.yaml:3:49: error: step \`b\`: \`resources.cpu\` must be an integer from 1, not the number 0

x.yaml:3:60: error: step \`b\`: \`resources.memory\` must be an amount of memory such as 500MB or 4GB, not the number 4

x.yaml:3:63: error: unknown key \`gpus\` in \`resources\` of step \`b\`
  hint: did you mean \`gpu\`?

x.yaml:4:19: error: \`timeout\` is not supported in this version
  hint: remove it

x.yaml:4:66: error: step \`d\`: \`retry\` must be an integer from 0 to 100, or a mapping of times, on, wait, not the number -1

x.yaml:5:30: error: unknown key \`time\` in \`retry\` of step \`e\`
  hint: did you mean \`times\`?

x.yaml:5:59: error: step \`e\`: \`timeout.total\` must be a duration such as 90s, 15m or 2h, not the text "soon"

x.yaml:6:28: error: \`retry\` of step \`f\` has no \`times\`

12 errors
`,
    );
  });

  it("are told where the value came from, once for all cycles", () => {
    const text = `params: { hours: 2 }
steps:
  loop: { repeat: 3, steps: { a: { uses: count, timeout: "\${params.hours}", retry: "\${cycle}", pin: "\${params.no}" } } }
`;
    expect(message(text, { sets: ["hours=5", "loop.a.resources.cpu=-1", "loop.a.resource.cpu=1"] })).toBe(
      `--set loop.a.resource.cpu=1: error: stage \`count\` has no setting \`resource\`
  hint: \`resources\` is a key of the step, beside \`with\`

--set hours=5: error: step \`a\`: \`timeout\` must be a duration such as 90s, 15m or 2h, or a mapping of total, progress, not the number 5

--set loop.a.resources.cpu=-1: error: step \`a\`: \`resources.cpu\` must be an integer from 1, not the number -1

x.yaml:3:102: error: there is no parameter \`no\`
  hint: parameters: hours

4 errors
`,
    );
  });
});
