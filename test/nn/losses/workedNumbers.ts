/**
 * Small numbers worked out in float64 and checked against central differences, which the tests of the losses share.
 * Row i of `partners` belongs to row i of `points`.
 */
export const points = [
  [1, 2],
  [3, -1],
  [0.5, 0.5],
];
export const partners = [
  [2, 1],
  [2, -2],
  [1, 0],
];

/** Temperature → InfoNCE of (points, partners). */
export const infoNceValues: ReadonlyArray<readonly [number, number]> = [
  [0.05, 2.07415725242842],
  [1, 0.928391661274626],
];

/** At temperature 0.05. */
export const infoNceGradients = {
  anchors: [0.000676563548, -0.000338281774, 0.382734569323, 1.148203707969, -2.58524453743, 2.58524453743],
  positives: [-0.412025675879, 0.824051351758, -0.558240627906, -0.558240627906, 0, -6.238064689564],
};

export const softBinaryCrossEntropyNumbers = {
  logits: [2, -1, 0.5],
  labels: [0.9, 0.2, 0.6],
  value: 0.504755560913767,
  gradient: [-0.006400974007, 0.02298047379, 0.007486443734],
  entropy: 0.499499021312964,
  bestLogits: [2.197224577336, -1.38629436112, 0.405465108108],
};

/** Label -0.1: logit → loss. */
export const negativeLabelLosses: ReadonlyArray<readonly [number, number]> = [
  [0, Math.LN2],
  [-2, -0.0730719889570275],
  [-10, -0.999954601100783],
  [-50, -5],
];

export const cosineRegressionNumbers = {
  labels: [0.9, 0.2, 0.6],
  value: 0.167900328725392,
  left: [-0.016, 0.008, -0.020703818727, -0.06211145618, 0.050490620859, -0.050490620859],
};
