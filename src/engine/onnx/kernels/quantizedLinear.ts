/**
 * A linear layer in 8-bit numbers: one node quantizes what comes in (one scale for all of it), multiplies in whole numbers and
 * gives floats. Weights are signed with a scale for each output: CPUs with VNNI, the only ones that gain, multiply unsigned by
 * signed numbers.
 *
 * One scale serves a LayerNorm's output badly, since its channels differ in size as γ and β do. So the channels are evened out
 * first, and the weights take the factors in: exact but for rounding. Source: Xiao et al., "SmoothQuant", ICML 2023, with the
 * size of a channel read off γ and β, where SmoothQuant measures it on data.
 */
import type { LinearAttributes } from "../../../nn/ops/kernels.ts";
import type { Float32Tensor } from "../../../nn/Weights.ts";
import { microsoftDomain } from "../GraphRecorder.ts";
import { quantizedColumns } from "../quantize.ts";
import { traceBackend, type Traced } from "../TraceBackend.ts";
import { nameOf, node } from "./register.ts";

/** @param x [n, in] @param weight [out, in], known while the program is recorded @param bias [out] @returns [n, out] */
export function quantizedLinear(
  x: Traced,
  weight: Float32Tensor,
  bias: Traced,
  { scale, biasScale }: LinearAttributes,
): Traced {
  const { recorder } = traceBackend;
  const [out, into] = weight.shape as [number, number];
  const factors = evening(x, weight);
  const { values, scales } = quantizedColumns(factors === undefined ? weight : timesColumns(weight, factors));
  const even = factors === undefined ? x : node("Mul", [x, vector(factors.map((each) => 1 / each))], x.shape, x.dtype);
  const shifted = biasScale === 1 ? bias : node("Mul", [bias, recorder.scalar(biasScale, "float32")], [out], "float32");
  const inputs = [nameOf(even), recorder.constant(values, [into, out], "int8"), vector(scales.map((s) => s * scale))];
  const noZeroPoint = "";
  return node(
    "DynamicQuantizeMatMul",
    [...inputs, noZeroPoint, shifted],
    [x.shape[0]!, out],
    "float32",
    {},
    microsoftDomain,
  );
}

const vector = (values: Float32Array): string => traceBackend.recorder.constant(values, [values.length], "float32");

/** Deviations from its mean that a channel of a LayerNorm's output is expected to reach. */
const reach = 3;

/**
 * What each channel of x is divided by: the root of (its size / the largest weight it meets), where x comes from a LayerNorm.
 * The roots share the range between both sides.
 */
function evening(x: Traced, { shape, values }: Float32Tensor): Float32Array | undefined {
  const { recorder } = traceBackend;
  const producer = recorder.producerOf(nameOf(x));
  if (producer?.operation !== "LayerNormalization") return undefined;
  const [gamma, beta] = producer.inputs.slice(1).map((name) => recorder.constantNamed(name)?.values);
  if (gamma === undefined || beta === undefined) return undefined;
  const [out, into] = shape as [number, number];
  return Float32Array.from({ length: into }, (_, channel) => {
    let largest = 0;
    for (let row = 0; row < out; row++) largest = Math.max(largest, Math.abs(values[row * into + channel]!));
    const size = Math.abs(Number(beta[channel])) + reach * Math.abs(Number(gamma[channel]));
    return size > 0 && largest > 0 ? Math.sqrt(size / largest) : 1;
  });
}

/** @param weight [out, in] @param factors [in] */
function timesColumns({ shape, values }: Float32Tensor, factors: Float32Array): Float32Tensor {
  return { shape, values: values.map((value, i) => value * factors[i % factors.length]!) };
}
