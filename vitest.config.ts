import { defineConfig } from "vitest/config";

/**
 * Fast tests are `*.test.ts`; what needs real data or minutes is `*.slow.ts` and runs by `npm run test:slow`; attacks at length are
 * `*.torture.ts` and run by `npm run test:torture`.
 */
const kind = process.env["TANDEM_TORTURE"] === "1" ? "torture" : process.env["TANDEM_SLOW"] === "1" ? "slow" : "test";

export default defineConfig({
  test: {
    include: [`test/**/*.${kind}.ts`],
    testTimeout: kind === "test" ? 60_000 : 3_600_000,
    pool: "forks",
  },
});
