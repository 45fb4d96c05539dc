/** The position of the first NaN or infinity. */
export function firstNotFinite(values: Float32Array): number | undefined {
  for (let at = 0; at < values.length; at++) {
    // x − x is 0 for every finite number: quicker than to ask.
    if ((values[at] as number) - (values[at] as number) !== 0) return at;
  }
  return undefined;
}
