/** `timeout` and `retry` as they are written, and what of the language this version does not do. */
import { expect, it } from "vitest";
import { graphOf, mistakesOf } from "./fakeStages.ts";

const limitsOf = (written: string) => graphOf(`steps: { a: { uses: count, ${written} } }\n`).steps[0]!.limits;
const message = (text: string) => mistakesOf(text).replaceAll(/\n .*\|.*/g, "");

it("timeout and retry are read with their units and defaults", () => {
  expect(limitsOf("timeout: 90s")).toEqual({ timeoutMs: 90_000 });
  expect(limitsOf("timeout: 1.5 h, retry: 0")).toEqual({ timeoutMs: 5_400_000 });
  expect(limitsOf("retry: 2")).toEqual({
    retry: { times: 2, on: ["killed", "out-of-memory", "timeout"], waitMs: 1000 },
  });
  expect(limitsOf("retry: { times: 1, on: [stage-error], wait: 10s }")).toEqual({
    retry: { times: 1, on: ["stage-error"], waitMs: 10_000 },
  });
  expect(limitsOf("with: {}")).toBeUndefined();
});

it("what is wrong with them is told, and what this version does not heed is refused", () => {
  const text = `steps:
  a: { uses: count, timeout: 15, retry: { times: 2, unless: x, on: [never] } }
  b: { uses: count, pin: true, resources: { gpu: 1 } }
  c: { repeat: 1, timeout: 5m, steps: { d: { uses: count, retry: -1 } } }
`;
  expect(message(text)).toBe(
    `x.yaml:2:30: error: step \`a\`: \`timeout\` must be a duration such as 90s, 15m or 2h, not the number 15

x.yaml:2:53: error: unknown key \`unless\` in \`retry\`
  hint: keys: times, on, wait

x.yaml:2:69: error: \`retry\`: \`on[1]\` must be one of killed, out-of-memory, timeout, stage-error, not the text "never"

x.yaml:3:21: error: \`pin\` is not supported in this version
  hint: remove it

x.yaml:3:32: error: \`resources\` is not supported in this version
  hint: remove it

x.yaml:4:19: error: \`timeout\` is not supported in this version
  hint: remove it

x.yaml:4:66: error: step \`d\`: \`retry\` must be an integer from 0 to 100, or a mapping of times, on, wait, not the number -1

7 errors
`,
  );
});
