/**
 * Gradients of the parts of a batch, added up in the order of the parts. Sums are float32: what accumulation differs by from
 * the whole batch is rounding.
 */
import { type Gradient, type Gradients, type RowGradient, sumRows } from "../nn/optim/Gradient.ts";

export class GradientSum {
  /** The first part's own gradients where it is the whole batch: nothing is copied. */
  private whole: Gradients | undefined;
  private readonly dense = new Map<string, Float32Array>();
  private readonly rows = new Map<string, Array<RowGradient>>();
  /** In the order of the parameters. */
  private names: ReadonlyArray<string> = [];

  /** Adds `share` times the gradients. The same parameters in every part. */
  add(gradients: Gradients, share: number): void {
    if (share === 1) {
      this.whole = gradients;
      return;
    }
    const isFirst = this.names.length === 0;
    this.names = [...gradients.keys()];
    for (const [name, gradient] of gradients) {
      if (gradient instanceof Float32Array) this.addDense(name, gradient, share, isFirst);
      else
        this.rows.set(name, [...(this.rows.get(name) ?? []), { ...gradient, values: times(gradient.values, share) }]);
    }
  }

  /** The sum, which is nothing again afterwards. Its arrays hold until the next part is added. */
  take(): Gradients {
    const { whole, names } = this;
    const sum = whole ?? new Map(names.map((name): [string, Gradient] => [name, this.sumOf(name)]));
    this.whole = undefined;
    this.names = [];
    this.rows.clear();
    return sum;
  }

  private addDense(name: string, gradient: Float32Array, share: number, isFirst: boolean): void {
    const sum = this.dense.get(name) ?? new Float32Array(gradient.length);
    this.dense.set(name, sum);
    if (isFirst) sum.fill(0);
    for (let i = 0; i < sum.length; i++) sum[i]! += share * gradient[i]!;
  }

  private sumOf(name: string): Gradient {
    const parts = this.rows.get(name);
    return parts === undefined ? this.dense.get(name)! : joinedRows(parts);
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
