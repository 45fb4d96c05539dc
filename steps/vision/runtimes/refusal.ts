/** Why onnxruntime does not take or compute a model, in one sentence with the operator's name, from what it says. */
export function refusalOf({ message }: Error): string {
  for (const [pattern, sentence] of refusals) {
    const found = pattern.exec(message);
    if (found !== null) return sentence(...found.slice(1));
  }
  return `onnxruntime says: ${plain(message)}`;
}

const refusals: readonly (readonly [RegExp, (...parts: readonly string[]) => string])[] = [
  [
    /No Op registered for (\S+) with domain_version of (\d+)/,
    (operator, version) => `onnxruntime has no operator ${operator} in version ${version}`,
  ],
  [
    /Fatal error: (\S+):(\S+?)\(-?\d+\) is not a registered/,
    (domain, operator) => `onnxruntime has no operator ${operator} of ${domain}`,
  ],
  [
    /Could not find an implementation for (\S+?)\(\d+\)/,
    (operator) => `onnxruntime does not have the operator ${operator} for the types that it is used with`,
  ],
  [
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    (version, newest) => `it is in version ${version} of ONNX' format, and onnxruntime reads up to ${newest}`,
  ],
  [
    /Opset (\d+) is under development.* is till opset (\d+)/,
    (version, newest) =>
      `it is in version ${version} of ONNX' operators, and onnxruntime reads up to ${newest}`,
  ],
  [
    /while running (\S+) node\. Name:'[^']*' Status Message: (.*)/,
    (operator, why = "") => `its operator ${operator} fails, ${plain(why)}`,
  ],
];

/** The first line, without the place in onnxruntime's own source. */
function plain(text: string): string {
  const [line = ""] = text.split("\n");
  return line
    .replace(/^\S*\.(cc|h):\d+ .*?\) (?=[A-Z])/, "")
    .replace(/^.* was false\. /, "")
    .trim();
}
