/** What the exit codes mean; part of the interface (design §3). */
export const exitCodes = {
  done: 0,
  stepFailed: 1,
  invalid: 2,
  storeFailed: 3,
  checkSaidNo: 4,
  interrupted: 130,
} as const;
