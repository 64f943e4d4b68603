/** The digest of one output as the cache has it for the file as it is now; fails with what to do where there is none. */
import * as Effect from "effect/Effect";
import { evaluateGraph } from "../core/evaluate.ts";
import { UsageError } from "./commandLine.ts";
import type { FoundOutput } from "./findOutput.ts";
import { hasNotRun, type Session } from "./session.ts";

export const outputDigest = Effect.fnUntraced(function* (session: Session, { step, port }: FoundOutput) {
  const { graph } = session;
  const evaluation = yield* evaluateGraph(graph, { until: [step.id] });
  const evaluated = evaluation.find((each) => each?.step.id === step.id);
  if (evaluated?.leftOutBy !== undefined) {
    const decision = graph.steps[evaluated.leftOutBy]!.id;
    const hint = "`[last]` is the last cycle that ran";
    return yield* Effect.fail(new UsageError(`step \`${step.id}\` did not run: \`${decision}\` ended the loop`, hint));
  }
  return evaluated?.record?.outputs[port]?.digest ?? (yield* Effect.fail(hasNotRun(session, step.id)));
});
