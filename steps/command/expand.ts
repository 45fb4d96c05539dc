/** Absolute paths by name. */
export interface Paths {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Puts paths where `${inputs.name}` and `${outputs.name}` stand; `$${` is a literal `${`. */
export function expand(text: string, paths: Paths, write: (path: string) => string): string {
  return text.replaceAll(/\$\$\{|\$\{(inputs|outputs)\.([A-Za-z][A-Za-z0-9_-]*)\}/g, (whole, kind, name) => {
    if (whole === "$${") return "${";
    const path = paths[kind as keyof Paths][name as string];
    if (path === undefined) throw new Error(`${whole} passed the check and is not known`);
    return write(path);
  });
}

/** One word of a POSIX shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
