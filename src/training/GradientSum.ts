/**
 * Gradients of the parts of an update, added up in the order of the parts. Sums are float32: what accumulation differs by from
 * the whole batch is rounding. A part may lack parameters that others have.
 */
import { addRows } from "../nn/embeddingRows.ts";
import { type Gradient, type Gradients, type RowGradient, sumRows } from "../nn/optim/Gradient.ts";

export class GradientSum {
  /** Gradients that are all there are: nothing is copied. */
  private all: Gradients | undefined;
  private readonly dense = new Map<string, Float32Array>();
  private readonly rows = new Map<string, Array<RowGradient>>();
  /** Parameters whose dense sum has begun. */
  private readonly begun = new Set<string>();

  /** Of an update that has one part. */
  setAll(gradients: Gradients): void {
    this.all = gradients;
  }

  /** Adds `factor` times the gradients. */
  add(gradients: Gradients, factor: number): void {
    for (const [name, gradient] of gradients) {
      if (gradient instanceof Float32Array) this.addDense(name, gradient, factor);
      else
        this.rows.set(name, [...(this.rows.get(name) ?? []), { ...gradient, values: times(gradient.values, factor) }]);
    }
  }

  /** The sum, which is nothing again afterwards. Its arrays hold until the next part is added. @param order of the parameters */
  take(order: Iterable<string>): Gradients {
    const { all } = this;
    const sum = all ?? new Map([...order].flatMap((name) => this.sumOf(name)));
    this.all = undefined;
    this.begun.clear();
    this.rows.clear();
    return sum;
  }

  private addDense(name: string, gradient: Float32Array, factor: number): void {
    const sum = this.dense.get(name) ?? new Float32Array(gradient.length);
    this.dense.set(name, sum);
    if (!this.begun.has(name)) sum.fill(0);
    this.begun.add(name);
    for (let i = 0; i < sum.length; i++) sum[i]! += factor * gradient[i]!;
  }

  /** Of rows and a dense one of the same table a dense one. */
  private sumOf(name: string): ReadonlyArray<readonly [string, Gradient]> {
    const dense = this.begun.has(name) ? this.dense.get(name) : undefined;
    const parts = this.rows.get(name) ?? [];
    if (dense === undefined) return parts.length === 0 ? [] : [[name, joinedRows(parts)]];
    for (const { rows, values } of parts) addRows(dense, rows, values, values.length / rows.length);
    return [[name, dense]];
  }
}

const times = (values: Float32Array, factor: number): Float32Array => values.map((value) => value * factor);

function joinedRows(parts: ReadonlyArray<RowGradient>): RowGradient {
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const dim = parts[0]!.values.length / parts[0]!.rows.length;
  const rows = new Int32Array(count);
  const values = new Float32Array(count * dim);
  let from = 0;
  for (const part of parts) {
    rows.set(part.rows, from);
    values.set(part.values, from * dim);
    from += part.rows.length;
  }
  return sumRows(rows, values, dim, parts[0]!.tableRows);
}
