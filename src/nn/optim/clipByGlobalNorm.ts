/**
 * Clipping by the norm of all gradients together, as PyTorch's `clip_grad_norm_` does it.
 */
import { gradientValues, type Gradients } from "./Gradient.ts";

/** Euclidean norm over every gradient, summed in float64 in the order of the map. */
export function globalNorm(gradients: Gradients): number {
  let sum = 0;
  for (const gradient of gradients.values()) sum += sumOfSquares(gradientValues(gradient));
  return Math.sqrt(sum);
}

/**
 * What every gradient is multiplied by so that their norm is at most `maxNorm`: maxNorm / (norm + 1e-6), never above 1.
 * The optimizer applies it on the fly. @param maxNorm from 0 on, 1 in most published settings; 0 never clips (Mirror-BERT)
 */
export const clipCoefficient = (norm: number, maxNorm: number): number =>
  maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));

/** Four sums side by side: one alone would wait for each addition before the next. */
function sumOfSquares(values: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * values[i]!;
    b += values[i + 1]! * values[i + 1]!;
    c += values[i + 2]! * values[i + 2]!;
    d += values[i + 3]! * values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * values[i]!;
  return a + b + (c + d);
}
