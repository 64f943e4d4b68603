/**
 * The kernels of `nn/ops` for an eager backend, composed of tfjs's own operations: plain formulas, to check others against.
 * Registered once for each backend: `cpu` and `tensorflow` share them.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  kernelNames,
  type GatherJoinedAttributes,
  type LinearAttributes,
  type MatMulAttributes,
} from "../../nn/ops/kernels.ts";

type Inputs = { readonly [name: string]: tf.Tensor };
type Compute = (inputs: Inputs, attributes: unknown) => tf.Tensor | Array<tf.Tensor>;

const composed = new Map<string, Compute>();

/** Registers every kernel of our own with the named backend. */
export function registerOwnKernels(backendName: string): void {
  for (const [kernelName, compute] of composed)
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => compute(inputs as Inputs, attrs)) as unknown as tf.TensorInfo,
    });
}

function compose<Attributes>(
  kernelName: string,
  compute: (inputs: Inputs, attributes: Attributes) => tf.Tensor | Array<tf.Tensor>,
): void {
  composed.set(kernelName, compute as Compute);
}

/** Most factors are 1, and a pass over memory is not free. */
const times = (x: tf.Tensor, factor: number): tf.Tensor => (factor === 1 ? x : tf.mul(x, factor));

compose(kernelNames.linear, ({ x, weight, bias }, { scale, biasScale }: LinearAttributes) =>
  tf.add(times(tf.matMul(x!, weight!, false, true), scale), times(bias!, biasScale)),
);

compose(kernelNames.scaledMatMul, ({ a, b }, { transposeA, transposeB, scale }: MatMulAttributes) =>
  times(tf.matMul(a!, b!, transposeA, transposeB), scale),
);

function standardize(x: tf.Tensor, epsilon: number): readonly [tf.Tensor, tf.Tensor] {
  const { mean, variance } = tf.moments(x, -1, true);
  const reciprocal = tf.rsqrt(tf.add(variance, epsilon));
  return [tf.mul(tf.sub(x, mean), reciprocal), reciprocal];
}

compose(kernelNames.layerNorm, ({ x, gamma, beta }, { epsilon }: { epsilon: number }) =>
  tf.add(tf.mul(standardize(x!, epsilon)[0], gamma!), beta!),
);

compose(kernelNames.standardize, ({ x }, { epsilon }: { epsilon: number }) => [...standardize(x!, epsilon)]);

const onePlusErf = (t: tf.Tensor): tf.Tensor => tf.add(tf.erf(t), 1);

compose(kernelNames.erfGate, ({ t }) => tf.mul(t!, onePlusErf(t!)));

compose(kernelNames.erfGateGradient, ({ t, dy }) => {
  const bell = tf.mul(tf.mul(t!, tf.exp(tf.neg(tf.square(t!)))), 2 / Math.sqrt(Math.PI));
  return tf.mul(tf.add(onePlusErf(t!), bell), dy!);
});

compose(kernelNames.maskedSoftmax, (inputs) => {
  const [scores, bias] = Object.values(inputs) as [tf.Tensor, tf.Tensor?];
  return tf.softmax(bias === undefined ? scores : tf.add(scores, bias));
});

compose(kernelNames.maskScale, ({ x, mask }, { scale }: { scale: number }) =>
  tf.mul(tf.mul(x!, tf.cast(mask!, "float32")), scale),
);

compose(kernelNames.gatherParts, (inputs) => {
  const [x, , ...indices] = Object.values(inputs) as [tf.Tensor, tf.Tensor, ...Array<tf.Tensor>];
  return indices.map((index) => tf.gather(x, index as tf.Tensor1D));
});

compose(kernelNames.gatherJoined, (inputs, { parts, dim, zeroRow }: GatherJoinedAttributes) => {
  const [index, ...rest] = Object.values(inputs) as [tf.Tensor, ...Array<tf.Tensor>];
  const rows = rest.slice(0, parts).map((part) => tf.reshape(part, [-1, dim]));
  if (zeroRow) rows.push(tf.zeros([1, dim]));
  return tf.gather(tf.concat(rows, 0), index as tf.Tensor1D);
});
