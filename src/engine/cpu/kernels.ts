/** The kernels of `nn/ops` for tfjs's cpu backend, composed of its own operations: plain formulas, to check others against. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import {
  kernelNames,
  numberedInputs,
  type GatherJoinedAttributes,
  type LinearAttributes,
  type MatMulAttributes,
} from "../../nn/ops/kernels.ts";

// At its first tensor the backend prints an advertisement for the TensorFlow backend to stderr.
(tf.findBackend("cpu") as unknown as { firstUse: boolean }).firstUse = false;

type Inputs = { readonly [name: string]: tf.Tensor };

function register<Attributes>(
  kernelName: string,
  compute: (inputs: Inputs, attributes: Attributes) => tf.Tensor | Array<tf.Tensor>,
): void {
  tf.registerKernel({
    kernelName,
    backendName: "cpu",
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => compute(inputs as Inputs, attrs as Attributes)) as unknown as tf.TensorInfo,
  });
}

register(kernelNames.linear, ({ x, weight, bias }, { scale, biasScale }: LinearAttributes) =>
  tf.add(tf.mul(tf.matMul(x!, weight!, false, true), scale), tf.mul(bias!, biasScale)),
);

register(kernelNames.scaledMatMul, ({ a, b }, { transposeA, transposeB, scale }: MatMulAttributes) =>
  tf.mul(tf.matMul(a!, b!, transposeA, transposeB), scale),
);

function standardize(x: tf.Tensor, epsilon: number): readonly [tf.Tensor, tf.Tensor] {
  const { mean, variance } = tf.moments(x, -1, true);
  const reciprocal = tf.rsqrt(tf.add(variance, epsilon));
  return [tf.mul(tf.sub(x, mean), reciprocal), reciprocal];
}

register(kernelNames.layerNorm, ({ x, gamma, beta }, { epsilon }: { epsilon: number }) =>
  tf.add(tf.mul(standardize(x!, epsilon)[0], gamma!), beta!),
);

register(kernelNames.standardize, ({ x }, { epsilon }: { epsilon: number }) => [...standardize(x!, epsilon)]);

const onePlusErf = (t: tf.Tensor): tf.Tensor => tf.add(tf.erf(t), 1);

register(kernelNames.erfGate, ({ t }) => tf.mul(t!, onePlusErf(t!)));

register(kernelNames.erfGateGradient, ({ t, dy }) => {
  const bell = tf.mul(tf.mul(t!, tf.exp(tf.neg(tf.square(t!)))), 2 / Math.sqrt(Math.PI));
  return tf.mul(tf.add(onePlusErf(t!), bell), dy!);
});

register(kernelNames.maskedSoftmax, ({ scores, bias }) =>
  tf.softmax(bias === undefined ? scores! : tf.add(scores!, bias)),
);

register(kernelNames.maskScale, ({ x, mask }, { scale }: { scale: number }) =>
  tf.mul(tf.mul(x!, tf.cast(mask!, "float32")), scale),
);

register(kernelNames.gatherParts, (inputs) =>
  numberedInputs("index", inputs).map((index) => tf.gather(inputs["x"]!, index as tf.Tensor1D)),
);

register(kernelNames.gatherJoined, (inputs, { parts, dim, zeroRow }: GatherJoinedAttributes) => {
  const [index, ...rest] = Object.values(inputs) as [tf.Tensor, ...Array<tf.Tensor>];
  const rows = rest.slice(0, parts).map((part) => tf.reshape(part, [-1, dim]));
  if (zeroRow) rows.push(tf.zeros([1, dim]));
  return tf.gather(tf.concat(rows, 0), index as tf.Tensor1D);
});
