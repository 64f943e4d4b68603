/** What a training showed, update by update: the numbers that follow from inputs alone, so never time or speed. */

/** The form of the artifact `TrainingCurve`. */
export interface Curve {
  /** Updates done when each row was taken, from 1. */
  readonly step: Int32Array;
  readonly series: { readonly [name: string]: Float32Array };
}

export interface CurveRecorder {
  readonly add: (step: number, values: { readonly [name: string]: number }) => void;
  readonly finish: () => Curve;
}

/** Every row has the series of the first one. */
export function recordCurve(): CurveRecorder {
  const steps: Array<number> = [];
  const series = new Map<string, Array<number>>();
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
