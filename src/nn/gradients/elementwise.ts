/** Gradients of tfjs's element-wise kernels. */
import * as tf from "@tensorflow/tfjs-core";
import { register, summedTo } from "./broadcast.ts";

type Slopes = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => { a: () => tf.Tensor; b: () => tf.Tensor };

/** Two operands: each slope is summed over the axes it was broadcast along. */
function binary(kernelName: string, slopes: Slopes): void {
  register(kernelName, {
    reads: ["a", "b"],
    gradient: (dy, [a, b]) => {
      const slope = slopes(dy, a!, b!);
      return { a: () => summedTo(slope.a(), a!.shape), b: () => summedTo(slope.b(), b!.shape) };
    },
  });
}

binary(tf.Add, (dy) => ({ a: () => dy, b: () => dy }));
binary(tf.Sub, (dy) => ({ a: () => dy, b: () => tf.neg(dy) }));
binary(tf.Multiply, (dy, a, b) => ({ a: () => tf.mul(dy, b), b: () => tf.mul(dy, a) }));
binary(tf.RealDiv, (dy, a, b) => ({
  a: () => tf.div(dy, b),
  b: () => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
}));
binary(tf.SquaredDifference, (dy, a, b) => {
  const slope = () => tf.mul(dy, tf.mul(tf.sub(a, b), 2));
  return { a: slope, b: () => tf.neg(slope()) };
});
// As tfjs has it: equal operands both take the whole gradient.
binary(tf.Maximum, (dy, a, b) => ({
  a: () => tf.mul(dy, tf.cast(tf.greaterEqual(a, b), "float32")),
  b: () => tf.mul(dy, tf.cast(tf.lessEqual(a, b), "float32")),
}));
binary(tf.Minimum, (dy, a, b) => ({
  a: () => tf.mul(dy, tf.cast(tf.lessEqual(a, b), "float32")),
  b: () => tf.mul(dy, tf.cast(tf.greaterEqual(a, b), "float32")),
}));
binary(tf.Pow, (dy, a, b) => ({
  a: () => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
  b: () => tf.mul(dy, tf.mul(tf.pow(a, b), tf.log(tf.maximum(a, Number.MIN_VALUE)))),
}));

/** One operand. */
const ofInput = (kernelName: string, slope: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor): void =>
  register(kernelName, { reads: ["x"], gradient: (dy, [x]) => ({ x: () => slope(dy, x!) }) });

ofInput(tf.Abs, (dy, x) => tf.mul(dy, tf.sign(x)));
ofInput(tf.Square, (dy, x) => tf.mul(dy, tf.mul(x, 2)));
ofInput(tf.Log, (dy, x) => tf.div(dy, x));
ofInput(tf.Log1p, (dy, x) => tf.div(dy, tf.add(x, 1)));
ofInput(tf.Softplus, (dy, x) => tf.mul(dy, tf.sigmoid(x)));
ofInput(tf.Relu, (dy, x) => tf.mul(dy, tf.step(x)));
ofInput(tf.Sin, (dy, x) => tf.mul(dy, tf.cos(x)));
ofInput(tf.Cos, (dy, x) => tf.neg(tf.mul(dy, tf.sin(x))));
ofInput(tf.Erf, (dy, x) => tf.mul(dy, tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI))));
ofInput(tf.Exp, (dy, x) => tf.mul(dy, tf.exp(x)));
ofInput(tf.Expm1, (dy, x) => tf.mul(dy, tf.add(tf.expm1(x), 1)));
ofInput(tf.Sqrt, (dy, x) => tf.div(dy, tf.mul(tf.sqrt(x), 2)));
ofInput(tf.Rsqrt, (dy, x) => {
  const y = tf.rsqrt(x);
  return tf.mul(dy, tf.mul(tf.mul(y, tf.square(y)), -0.5));
});
ofInput(tf.Reciprocal, (dy, x) => tf.neg(tf.mul(dy, tf.square(tf.reciprocal(x)))));
ofInput(tf.Tanh, (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x)))));
ofInput(tf.Sigmoid, (dy, x) => {
  const y = tf.sigmoid(x);
  return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
});

// Steps: flat wherever they have a slope. Gradients of kinks are made of them, so second derivatives pass them by.
for (const kernelName of [tf.Step, tf.Sign])
  register(kernelName, { reads: ["x"], gradient: (_, [x]) => ({ x: () => tf.zerosLike(x!) }) });
for (const kernelName of [tf.Equal, tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual, tf.LogicalAnd])
  register(kernelName, {
    reads: ["a", "b"],
    gradient: (_, [a, b]) => ({ a: () => tf.zeros(a!.shape), b: () => tf.zeros(b!.shape) }),
  });

register(tf.Neg, { gradient: (dy) => ({ x: () => tf.neg(dy) }) });
register(tf.Identity, { gradient: (dy) => ({ x: () => tf.cast(dy, "float32") }) });
register(tf.Cast, { gradient: (dy) => ({ x: () => tf.cast(dy, "float32") }) });
register(tf.ClipByValue, {
  reads: ["x"],
  gradient: (dy, [x], { clipValueMin, clipValueMax }) => ({
    x: () =>
      tf.where(tf.logicalAnd(tf.greaterEqual(x!, clipValueMin), tf.lessEqual(x!, clipValueMax)), dy, tf.zerosLike(dy)),
  }),
});
register(tf.Select, {
  reads: ["condition"],
  gradient: (dy, [condition]) => ({
    t: () => tf.where(condition!, dy, tf.zerosLike(dy)),
    e: () => tf.where(condition!, tf.zerosLike(dy), dy),
    condition: () => tf.zeros(condition!.shape),
  }),
});
tf.registerGradient({
  kernelName: tf.AddN,
  saveAllInputs: true,
  // A clone for each: tfjs disposes of gradients it has added up.
  gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, i) => [String(i), () => tf.clone(dy as tf.Tensor)])),
});
