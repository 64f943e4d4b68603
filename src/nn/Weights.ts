/** Parameters as plain numbers: name → tensor. Names and orientations are Hugging Face's (`encoder.layer.0.attention.self.query.weight` is `[out, in]`). */
export interface Float32Tensor {
  readonly shape: ReadonlyArray<number>;
  /** Row-major; length is the product of `shape`. */
  readonly values: Float32Array;
}

/** In a fixed order (insertion), which artifacts and optimizers keep. */
export type Weights = ReadonlyMap<string, Float32Tensor>;
