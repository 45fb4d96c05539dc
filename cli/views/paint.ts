/** How text stands out; each function leaves it alone where colours are off. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
}

/** ANSI (ECMA-48) colours, or none. */
export function paintWith(colours: boolean): Paint {
  const code = (on: number, off: number) => (text: string) =>
    colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
    blue: code(34, 39),
  };
}

/** Whether the terminal can do more than print lines; one without a name is taken at its least. */
export function isCapable({ TERM }: Readonly<Record<string, string | undefined>>): boolean {
  return TERM !== undefined && TERM !== "" && TERM !== "dumb";
}

/** Colours where a person looks on: a terminal, and neither NO_COLOR (no-color.org) nor --no-color. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
  option: boolean,
): boolean {
  return stream.isTTY === true && option && !env.NO_COLOR && isCapable(env);
}
