/**
 * Fully connected layers in plain numbers: y = x·kernel + bias. Matrices are
 * float32, row-major; `kernel` is inputs × units, as Keras' Dense has it.
 */
export interface Dense {
  readonly inputs: number;
  readonly units: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

export function newDense(inputs: number, units: number): Dense {
  return { inputs, units, kernel: new Float32Array(inputs * units), bias: new Float32Array(units) };
}

/** rows × inputs → rows × units, before the activation. */
export function affine({ inputs, units, kernel, bias }: Dense, x: Float32Array, rows: number): Float32Array {
  const y = new Float32Array(rows * units);
  const sums = new Float64Array(units);
  for (let row = 0; row < rows; row++) {
    sums.set(bias);
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i] as number;
      if (value === 0) continue;
      for (let j = 0; j < units; j++)
        sums[j] = (sums[j] as number) + value * (kernel[i * units + j] as number);
    }
    y.set(sums, row * units);
  }
  return y;
}

/** In place, to each row. */
export function addBias(values: Float32Array, bias: Float32Array): Float32Array {
  for (let at = 0; at < values.length; at += bias.length) {
    for (let j = 0; j < bias.length; j++) values[at + j] = (values[at + j] as number) + (bias[j] as number);
  }
  return values;
}

/** What the layer's weights contribute to the loss: sums over the rows of x and of the gradient at its output. */
export function denseGradient(
  { inputs, units }: Dense,
  x: Float32Array,
  delta: Float32Array,
  rows: number,
): { readonly kernel: Float32Array; readonly bias: Float32Array } {
  const kernel = new Float64Array(inputs * units);
  const bias = new Float64Array(units);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < units; j++) bias[j] = (bias[j] as number) + (delta[row * units + j] as number);
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i] as number;
      if (value === 0) continue;
      for (let j = 0; j < units; j++) {
        const at = i * units + j;
        kernel[at] = (kernel[at] as number) + value * (delta[row * units + j] as number);
      }
    }
  }
  return { kernel: Float32Array.from(kernel), bias: Float32Array.from(bias) };
}

/**
 * The gradient before the activation whose output is the layer's input.
 *
 * @param slopes of what lies between, rows × inputs; where they are zero nothing is summed.
 */
export function backThrough(
  { inputs, units, kernel }: Dense,
  slopes: Float32Array,
  delta: Float32Array,
  rows: number,
): Float32Array {
  const back = new Float32Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < inputs; i++) {
      const slope = slopes[row * inputs + i] as number;
      if (slope === 0) continue;
      let sum = 0;
      for (let j = 0; j < units; j++) {
        sum += (delta[row * units + j] as number) * (kernel[i * units + j] as number);
      }
      back[row * inputs + i] = slope * sum;
    }
  }
  return back;
}
