/** Names of steps as people write them, and the ids that they mean. */
import { expect, it } from "vitest";
import { asIdsSpell } from "../../src/core/stepNames.ts";

const known = {
  ids: [
    "bi0[loss=bce,rate=0.00003]",
    "bi0[loss=mse,rate=0.00003]",
    "distil[loss=mse][2].inner[3].a",
    "distil[loss=mse][2].b",
  ],
  lastCycle: (loop: string) => ({ "distil[loss=mse]": 2, "distil[loss=mse][2].inner": 3 })[loop],
};

it.each([
  ["bi0[rate=3e-5, loss=mse].curve", "bi0[loss=mse,rate=0.00003].curve"],
  ["distil[loss=mse][last].inner[last].a", "distil[loss=mse][2].inner[3].a"],
  ["distil[loss=mse][1].b", "distil[loss=mse][1].b"],
  // What names nothing is shown as it was written.
  ["bi0[loss=mse]", "bi0[loss=mse]"],
  ["bi0[loss=mse,rate=]", "bi0[loss=mse,rate=]"],
  ["other[last].a", "other[last].a"],
  ["bi0[loss=bce", "bi0[loss=bce"],
])("%s is %s", (written, id) => {
  expect(asIdsSpell(written, known)).toBe(id);
});
