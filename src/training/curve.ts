/** What a training showed, update by update: the numbers that follow from inputs alone, so never time or speed. */

/** The form of the artifact `TrainingCurve`. */
export interface Curve {
  /** Updates done when each row was taken, from 1. */
  readonly step: Int32Array;
  readonly series: { readonly [name: string]: Float32Array };
}

export const emptyCurve: Curve = { step: new Int32Array(0), series: {} };

export interface CurveRecorder {
  readonly add: (step: number, values: { readonly [name: string]: number }) => void;
  /** All rows so far. */
  readonly finish: () => Curve;
}

/** Every row has the series of the first one. @param past rows to go on from */
export function recordCurve(past: Curve = emptyCurve): CurveRecorder {
  const steps = Array.from(past.step);
  const series = new Map(Object.entries(past.series).map(([name, values]) => [name, Array.from(values)]));
  return {
    add: (step, values) => {
      steps.push(step);
      for (const [name, value] of Object.entries(values)) {
        if (!series.has(name)) series.set(name, []);
        series.get(name)!.push(value);
      }
    },
    finish: () => ({
      step: Int32Array.from(steps),
      series: Object.fromEntries([...series].map(([name, values]) => [name, Float32Array.from(values)])),
    }),
  };
}
