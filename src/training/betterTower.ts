/**
 * Two encoders that were trained apart, of which the one that orders a development set better is kept: both are looked at, and a
 * look counts as the better one's. Contrastive Tension's code does so after each of its epochs; on a tie it keeps the second.
 */
import type { BiEncoder } from "../nn/EncoderModel.ts";
import type { Weights } from "../nn/Weights.ts";
import type { Curve } from "./curve.ts";
import { type DevInputs, withDevelopment } from "./development.ts";
import type { Development, Method, Numbers } from "./Method.ts";
import type { DevOptions } from "./options.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

export type Tower = "first" | "second";

/** Series of the curve: Spearman's correlation × 100 of either encoder. */
const seriesOf = { first: "devSpearmanOfFirst", second: "devSpearmanOfSecond" } as const;

/**
 * The method with looks at both encoders.
 * @param asEncoder what the stage would give out of these weights for either of them
 * @throws TrainingFailure of reason `invalid` where there is no development set, or pairs and gold do not fit each other or the model
 */
export function withBetterTower(
  method: Method,
  inputs: DevInputs,
  options: DevOptions,
  asEncoder: (weights: Weights, tower: Tower) => BiEncoder,
): Method {
  const ofTower = (tower: Tower) =>
    withDevelopment(method, inputs, options, (weights) => asEncoder(weights, tower)).development;
  const [first, second] = [ofTower("first"), ofTower("second")];
  if (first === undefined || second === undefined)
    throw new TrainingFailure(
      "invalid",
      "keep is better, but there is no development set that would tell which of the two encoders is.",
      "Link devPairs and devGold, or set keep to first or second.",
    );
  return { ...method, development: ofBoth(first, second) };
}

function ofBoth(first: Development, second: Development): Development {
  const { decisive } = first;
  return {
    ...first,
    series: [...first.series, seriesOf.first, seriesOf.second],
    evaluate: async (weights, engine) => {
      const one = inCurve(await first.evaluate(weights, engine));
      const other = inCurve(await second.evaluate(weights, engine));
      const scores = { [seriesOf.first]: one[decisive]!, [seriesOf.second]: other[decisive]! };
      return { ...(isFirstBetter(scores) ? one : other), ...scores };
    },
  };
}

/** As the curve holds numbers, so that what is decided now and what is read from the curve later are one. */
const inCurve = (numbers: Numbers): Numbers =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Math.fround(value)]));

const isFirstBetter = (scores: Numbers): boolean => scores[seriesOf.first]! > scores[seriesOf.second]!;

/** The better one at the look whose weights were kept: the best, of equal ones the first, or the last. */
export function betterTower({ series }: Curve, { keepBest }: Pick<DevOptions, "keepBest">): Tower {
  const [one, other] = [series[seriesOf.first]!, series[seriesOf.second]!];
  const scores = one.map((score, look) => Math.max(score, other[look]!));
  const looks = [...scores.keys()].filter((look) => !Number.isNaN(scores[look]!));
  const best = looks.reduce((best, look) => (scores[look]! > scores[best]! ? look : best), looks[0]!);
  const kept = keepBest ? best : looks.at(-1)!;
  return isFirstBetter({ [seriesOf.first]: one[kept]!, [seriesOf.second]: other[kept]! }) ? "first" : "second";
}
