/** Who may start at once, by what steps claim of the machine. */
import { describe, expect, it } from "vitest";
import type { Machine, Resources } from "../../src/core/resources.ts";
import { Slots, type Kind } from "../../src/core/Slots.ts";

const machine: Machine = { cores: 8, memoryBytes: 16e9, gpus: 2 };
type Step = readonly [Kind, Resources?];

/** The steps that start at once, by index, until none fits any more. */
function startOf(steps: ReadonlyArray<Step>, jobs?: number, on: Machine | "unknown" = machine) {
  const slots = new Slots(jobs, on === "unknown" ? undefined : on);
  for (const [index, [kind, resources]] of steps.entries()) slots.push(kind, index, resources);
  return { slots, started: [...takenFrom(slots)] };
}

function* takenFrom(slots: Slots) {
  for (let next = slots.take(); next !== undefined; next = slots.take()) yield next;
}
const startedBy = (...args: Parameters<typeof startOf>) => startOf(...args).started.map(({ index }) => index);
const worker = (resources?: Resources): Step => ["worker", resources];

describe("what starts at once", () => {
  it("is one training that says nothing, with cheap steps beside it", () => {
    expect(startedBy([worker(), worker(), ["driver"], ["driver"]])).toEqual([0, 2, 3]);
  });

  it("are trainings whose cores are there together", () => {
    expect(startedBy([worker({ cpu: 4 }), worker({ cpu: 3 }), worker({ cpu: 2 }), worker({ cpu: 1 })])).toEqual([
      0, 1, 3,
    ]);
    expect(startedBy([worker({ cpu: 1 }), worker()])).toEqual([0]);
  });

  it("with --jobs are as many, each with its share of the cores unless it says how many it claims", () => {
    expect(startedBy([worker(), worker(), worker(), worker()], 3)).toEqual([0, 1, 2]);
    expect(startedBy([worker({ cpu: 6 }), worker(), worker(), worker({ cpu: 2 })], 4)).toEqual([0, 1]);
    expect(startedBy([worker(), worker(), worker()], 3, { ...machine, cores: 1 })).toEqual([0, 1, 2]);
  });

  it("are steps whose memory is there together, wherever they run", () => {
    const tenGB = { memoryBytes: 10e9 };
    expect(
      startedBy([
        ["driver", tenGB],
        ["driver", tenGB],
        worker({ cpu: 1, memoryBytes: 6e9 }),
        worker({ cpu: 1, memoryBytes: 1 }),
      ]),
    ).toEqual([0, 2]);
  });

  it("are as many that use a GPU as there are GPUs", () => {
    expect(startedBy([worker({ cpu: 1, gpu: 1 }), worker({ cpu: 1, gpu: 2 }), worker({ cpu: 1, gpu: 1 })])).toEqual([
      0, 2,
    ]);
  });

  it("is all of it where an executor sees to claims itself", () => {
    expect(startOf([worker(), worker({ cpu: 99, gpu: 9 }), worker()], undefined, "unknown").started).toHaveLength(3);
  });
});

describe("what a step gives back", () => {
  it("lets the next one start that fits, the earliest first", () => {
    const { slots, started } = startOf([
      worker({ cpu: 8 }),
      worker({ cpu: 8 }),
      worker({ cpu: 2, memoryBytes: 16e9 }),
      worker({ cpu: 2, memoryBytes: 1 }),
    ]);
    expect(started.map(({ index }) => index)).toEqual([0]);
    slots.release(started[0]!.slot);
    const [next, ...none] = takenFrom(slots);
    expect([next!.index, none]).toEqual([1, []]);
    slots.release(next!.slot);
    const [third, ...others] = takenFrom(slots);
    expect([third!.index, others]).toEqual([2, []]);
    slots.release(third!.slot);
    expect([...takenFrom(slots)].map(({ index }) => index)).toEqual([3]);
  });
});
