/** Matrix products and the kernels of `nn/ops` as ONNX nodes. */
import { kernelNames, type GatherJoinedAttributes } from "../../../nn/ops/kernels.ts";
import type { LinearAttributes, MatMulAttributes } from "../../../nn/ops/kernels.ts";
import { microsoftDomain } from "../GraphRecorder.ts";
import { traceBackend, type Traced } from "../TraceBackend.ts";
import { cast } from "./elementwise.ts";
import { quantizedLinear } from "./quantizedLinear.ts";
import { nameOf, node, registerAll, reshaped } from "./register.ts";
import { concat } from "./shape.ts";
import { isCutByColumns, isCutByRows } from "./threadCuts.ts";

const flag = (value: boolean) => ({ int: value ? 1 : 0 });

function matMul(a: Traced, b: Traced, { transposeA, transposeB, scale }: MatMulAttributes): Traced {
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const leading = (a.shape.length >= b.shape.length ? a : b).shape.slice(0, -2);
  const shape = [...leading, rows, columns];
  if (!isPacked(b)) {
    const depth = a.shape.at(transposeA ? -2 : -1)!;
    const batches = leading.reduce((product, length) => product * length, 1);
    const product = { rows, columns, depth, batches, isPlain: scale === 1 && !transposeA };
    if (isCutByColumns(product))
      return transposed(matMul(b, a, { transposeA: !transposeB, transposeB: !transposeA, scale }));
    if (isCutByRows(product, scale))
      return matMul(a, node("Mul", [b, scalar(0.5)], b.shape, "float32"), { transposeA, transposeB, scale: 2 });
  }
  if (!transposeA && !transposeB && scale === 1) return node("MatMul", [a, b], shape, "float32");
  if (traceBackend.recorder.standardOnly) return plainMatMul(a, b, shape, { transposeA, transposeB, scale });
  const attributes = { transA: flag(transposeA), transB: flag(transposeB), alpha: { float: scale } };
  return node("FusedMatMul", [a, b], shape, "float32", attributes, microsoftDomain);
}

/** The same of standard operations, each a pass over memory. */
function plainMatMul(
  a: Traced,
  b: Traced,
  shape: ReadonlyArray<number>,
  { transposeA, transposeB, scale }: MatMulAttributes,
): Traced {
  const product = node("MatMul", [transposeA ? transposed(a) : a, transposeB ? transposed(b) : b], shape, "float32");
  return scale === 1 ? product : node("Mul", [product, scalar(scale)], shape, "float32");
}

/** Put into blocks of its own when the session is made: a constant matrix. */
const isPacked = (x: Traced): boolean => x.shape.length === 2 && traceBackend.recorder.isConstant(nameOf(x));

/** With the last two axes exchanged. */
function transposed(x: Traced): Traced {
  const last = x.shape.length - 1;
  const order = [...x.shape.keys()].map((axis) => (axis < last - 1 ? axis : axis === last ? last - 1 : last));
  const shape = order.map((axis) => x.shape[axis]!);
  return node("Transpose", [x], shape, x.dtype, { perm: { ints: order } });
}

/** 2/√π, the slope of erf at 0. */
const erfSlope = 2 / Math.sqrt(Math.PI);

/** `1 + erf t`, which forward pass and gradient share. */
const onePlusErf = (t: Traced): Traced =>
  node("Add", [node("Erf", [t], t.shape, t.dtype), scalar(1)], t.shape, t.dtype);

const scalar = (value: number): string => traceBackend.recorder.scalar(value, "float32");

registerAll({
  BatchMatMul: ({ inputs: { a, b }, attributes: { transposeA, transposeB } }) =>
    matMul(a!, b!, { transposeA, transposeB, scale: 1 }),
  [kernelNames.scaledMatMul]: ({ inputs: { a, b }, attributes }) => matMul(a!, b!, attributes as MatMulAttributes),
  [kernelNames.linear]: ({ inputs: { x, weight, bias }, attributes }) => {
    const { scale, biasScale } = attributes as LinearAttributes;
    const constant = traceBackend.constantOf(weight!);
    if (constant?.quantized === true) return quantizedLinear(x!, constant, bias!, { scale, biasScale });
    const [[rows, depth], columns] = [x!.shape as [number, number], weight!.shape[0]!];
    const product = { rows, columns, depth, batches: 1, isPlain: scale === 1 && biasScale === 1 };
    if (!isPacked(weight!) && isCutByColumns(product)) {
      const scaled = biasScale === 1 ? bias! : node("Mul", [bias!, scalar(biasScale)], bias!.shape, "float32");
      const summed = matMul(x!, weight!, { transposeA: false, transposeB: true, scale });
      return node("Add", [summed, scaled], [rows, columns], "float32");
    }
    return node("Gemm", [x!, weight!, bias!], [rows, columns], "float32", {
      alpha: { float: scale },
      beta: { float: biasScale },
      transB: flag(true),
    });
  },
  [kernelNames.layerNorm]: ({ inputs: { x, gamma, beta }, attributes: { epsilon } }) =>
    node("LayerNormalization", [x!, gamma!, beta!], x!.shape, "float32", {
      axis: { int: -1 },
      epsilon: { float: epsilon },
    }),
  [kernelNames.standardize]: ({ inputs: { x }, attributes: { epsilon }, recorder }) => {
    const ones = traceBackend.uniform(1, [x!.shape.at(-1)!], "float32");
    const attributes = { axis: { int: -1 }, epsilon: { float: epsilon } };
    // Outputs: normalised, mean, reciprocal deviation.
    const outputs = recorder.nodeMany("LayerNormalization", [nameOf(x!), nameOf(ones)], 3, attributes);
    return [
      traceBackend.symbol(outputs[0]!, x!.shape, "float32"),
      traceBackend.symbol(outputs[2]!, [...x!.shape.slice(0, -1), 1], "float32"),
    ];
  },
  [kernelNames.erfGate]: ({ inputs: { t } }) => node("Mul", [t!, onePlusErf(t!)], t!.shape, t!.dtype),
  // t / exp(t²) for t · exp(-t²): no negation, and where exp overflows the quotient is the 0 it should be.
  [kernelNames.erfGateGradient]: ({ inputs: { t, dy } }) => {
    const on = (operation: string, ...inputs: Array<Traced | string>) => node(operation, inputs, t!.shape, "float32");
    const bell = on("Mul", on("Div", t!, on("Exp", on("Mul", t!, t!))), scalar(erfSlope));
    return on("Mul", on("Add", bell, onePlusErf(t!)), dy!);
  },
  [kernelNames.maskedSoftmax]: ({ inputs }) => {
    const [scores, bias] = Object.values(inputs) as [Traced, Traced?];
    const biased = bias === undefined ? scores : node("Add", [scores, bias], scores.shape, "float32");
    return node("Softmax", [biased], scores.shape, "float32", { axis: { int: -1 } });
  },
  [kernelNames.maskScale]: ({ inputs: { x, mask }, attributes: { scale } }) => {
    const factors = node("Mul", [cast(mask!, "float32"), scalar(scale)], x!.shape, "float32");
    return node("Mul", [x!, factors], x!.shape, "float32");
  },
  [kernelNames.gatherParts]: ({ inputs }) => {
    const [x, , ...indices] = Object.values(inputs) as [Traced, Traced, ...Array<Traced>];
    return indices.map((index) =>
      node("Gather", [x, index], [...index.shape, x.shape[1]!], "float32", { axis: { int: 0 } }),
    );
  },
  [kernelNames.gatherJoined]: ({ inputs, attributes }) => {
    const { parts, dim, zeroRow } = attributes as GatherJoinedAttributes;
    const [index, ...rest] = Object.values(inputs) as [Traced, ...Array<Traced>];
    const rows = rest.slice(0, parts).map((part) => reshaped(part, [part.shape.reduce((a, b) => a * b, 1) / dim, dim]));
    if (zeroRow) rows.push(traceBackend.uniform(0, [1, dim], "float32"));
    return node("Gather", [concat(rows, 0), index], [...index.shape, dim], "float32", { axis: { int: 0 } });
  },
});
