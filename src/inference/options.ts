/** Config fields that stages with inference share. Light to import: every command loads the definitions of stages. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";

/** How the products of weights are computed. */
export type Precision = "float32" | "int8";

export const precisionField = Schema.Literals(["float32", "int8"])
  .annotate({
    description:
      "How products of weights are computed: float32, or int8 (8-bit numbers, faster on CPUs with VNNI; all-MiniLM-L6-v2 loses 0.2 points of Spearman on STS-B test). Default float32.",
    default: "float32",
    absentMeans: "float32",
  })
  .pipe(Schema.withDecodingDefaultKey(Effect.succeed("float32" as const)));
