import { defineConfig } from "vitest/config";

/** Fast tests are `*.test.ts`; what needs real data or minutes is `*.slow.ts` and runs by `npm run test:slow`. */
export default defineConfig({
  test: {
    include: [process.env["TANDEM_SLOW"] === "1" ? "test/**/*.slow.ts" : "test/**/*.test.ts"],
    testTimeout: process.env["TANDEM_SLOW"] === "1" ? 3_600_000 : 60_000,
    pool: "forks",
  },
});
