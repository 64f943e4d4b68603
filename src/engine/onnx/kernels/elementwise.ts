/** Kernels that work element by element, with broadcasting. */
import * as tf from "@tensorflow/tfjs-core";
import { elementTypes } from "../onnxModel.ts";
import { traceBackend, type Traced } from "../TraceBackend.ts";
import { nameOf, node, registerAll, type Kernel } from "./register.ts";

const equalShapes = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  tf.util.arraysEqual([...a], [...b]);

/** An operand's name: one value throughout goes as a scalar where the other operand already has the result's shape. */
function operandName(tensor: Traced, other: Traced, shape: ReadonlyArray<number>): string {
  const value = traceBackend.uniformValue(tensor);
  if (value === undefined || !equalShapes(other.shape, shape)) return nameOf(tensor);
  return traceBackend.recorder.scalar(value, tensor.dtype as "float32");
}

/** An operand that leaves the other as it is (1 for products, 0 for sums): no node at all. */
function neutral(
  a: Traced,
  b: Traced,
  shape: ReadonlyArray<number>,
  left?: number,
  right?: number,
): Traced | undefined {
  const pass = (kept: Traced, other: Traced, value: number | undefined): boolean =>
    value !== undefined && traceBackend.uniformValue(other) === value && equalShapes(kept.shape, shape);
  if (pass(a, b, right)) return same(a);
  return pass(b, a, left) ? same(b) : undefined;
}

const same = (x: Traced): Traced => {
  const uniform = traceBackend.uniformValue(x);
  if (uniform !== undefined) return traceBackend.uniform(uniform, x.shape, x.dtype);
  return traceBackend.symbol(nameOf(x), x.shape, x.dtype);
};

const binary =
  (operation: string, dtype?: "bool", neutralLeft?: number, neutralRight = neutralLeft): Kernel =>
  ({ inputs }) => {
    const { a, b } = inputs as { a: Traced; b: Traced };
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const passed = neutral(a, b, shape, neutralLeft, neutralRight);
    if (passed !== undefined) return passed;
    return node(operation, [operandName(a, b, shape), operandName(b, a, shape)], shape, dtype ?? a.dtype);
  };

registerAll({
  Add: binary("Add", undefined, 0),
  Sub: binary("Sub", undefined, undefined, 0),
  Multiply: binary("Mul", undefined, 1),
  RealDiv: binary("Div", undefined, undefined, 1),
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  Pow: binary("Pow", undefined, undefined, 1),
  Greater: binary("Greater", "bool"),
  GreaterEqual: binary("GreaterOrEqual", "bool"),
  Less: binary("Less", "bool"),
  LessEqual: binary("LessOrEqual", "bool"),
  Equal: binary("Equal", "bool"),
  LogicalAnd: binary("And", "bool"),
  LogicalOr: binary("Or", "bool"),
  NotEqual: (call) => not(binary("Equal", "bool")(call) as Traced),
  SquaredDifference: (call) => square(binary("Sub")(call) as Traced),
  AddN: ({ inputs }) => {
    const terms = Object.values(inputs);
    return terms.length === 1 ? same(terms[0]!) : node("Sum", terms, terms[0]!.shape, terms[0]!.dtype);
  },
});

const not = (x: Traced): Traced => node("Not", [x], x.shape, "bool");
const square = (x: Traced): Traced => node("Mul", [x, x], x.shape, x.dtype);

const unary =
  (operation: string): Kernel =>
  ({ inputs }) => {
    const x = inputs["x"]!;
    return node(operation, [x], x.shape, x.dtype);
  };

const names = "Abs Ceil Cos Erf Exp Floor Log Neg Reciprocal Relu Round Sigmoid Sign Sin Softplus Sqrt Tanh".split(" ");
for (const name of names) registerAll({ [name]: unary(name) });

registerAll({
  Identity: ({ inputs }) => same(inputs["x"]!),
  Square: ({ inputs }) => square(inputs["x"]!),
  LogicalNot: ({ inputs }) => not(inputs["x"]!),
  IsNan: ({ inputs }) => node("IsNaN", [inputs["x"]!], inputs["x"]!.shape, "bool"),
  Rsqrt: ({ inputs: { x } }) => node("Reciprocal", [node("Sqrt", [x!], x!.shape, x!.dtype)], x!.shape, x!.dtype),
  Expm1: ({ inputs: { x }, recorder }) =>
    node("Sub", [node("Exp", [x!], x!.shape, x!.dtype), recorder.scalar(1, "float32")], x!.shape, x!.dtype),
  Log1p: ({ inputs: { x }, recorder }) =>
    node("Log", [node("Add", [x!, recorder.scalar(1, "float32")], x!.shape, x!.dtype)], x!.shape, x!.dtype),
  Elu: ({ inputs: { x } }) => node("Elu", [x!], x!.shape, x!.dtype, { alpha: { float: 1 } }),
  LeakyRelu: ({ inputs: { x }, attributes }) =>
    node("LeakyRelu", [x!], x!.shape, x!.dtype, { alpha: { float: attributes["alpha"] } }),
  Relu6: ({ inputs: { x } }) => clip(x!, 0, 6),
  ClipByValue: ({ inputs: { x }, attributes }) => clip(x!, attributes["clipValueMin"], attributes["clipValueMax"]),
  Step: ({ inputs: { x }, attributes, recorder }) => {
    // 1 above 0, `alpha` elsewhere: the gradient of relu
    const positive = node("Greater", [x!, recorder.scalar(0, "float32")], x!.shape, "bool");
    const values = [recorder.scalar(1, "float32"), recorder.scalar(attributes["alpha"] ?? 0, "float32")];
    return node("Where", [positive, ...values], x!.shape, x!.dtype);
  },
  Cast: ({ inputs: { x }, attributes }) => cast(x!, attributes["dtype"]),
  Select: ({ inputs: { condition, t, e } }) => node("Where", [condition!, t!, e!], t!.shape, t!.dtype),
});

export function cast(x: Traced, dtype: "float32" | "int32" | "bool"): Traced {
  if (dtype === x.dtype) return same(x);
  return node("Cast", [x], x.shape, dtype, { to: { int: elementTypes[dtype] } });
}

const clip = (x: Traced, low: number, high: number): Traced => {
  const { recorder } = traceBackend;
  const dtype = x.dtype as "float32";
  return node("Clip", [x, recorder.scalar(low, dtype), recorder.scalar(high, dtype)], x.shape, x.dtype);
};
