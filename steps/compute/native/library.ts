import koffi from "koffi";

/** A function of a library. */
export interface NativeFunction {
  (...values: unknown[]): number | bigint | string | null;
  /** The same on another thread; the callback gets what it returns. */
  async(...values: unknown[]): void;
}

/** A shared library that is open for as long as the process lives. */
export interface Library {
  /** The function of this prototype, in C with koffi's words: `int f(_Out_ void **made)`. */
  function(prototype: string): NativeFunction;
}

/**
 * Opens a shared library.
 *
 * @param path absolute.
 * @param global whether libraries that are opened later find its symbols.
 * @throws Error with the system's words where it cannot be opened.
 */
export function openLibrary(path: string, { global = false } = {}): Library {
  const library = koffi.load(path, { global });
  stay(path);
  return { function: (prototype) => library.func(prototype) as unknown as NativeFunction };
}

/**
 * Opens it once more, and never closes that: koffi closes what it opened when
 * Node ends, and what a library does at the end of a process would not be there any more.
 */
function stay(path: string): void {
  const RTLD_LAZY = 1;
  koffi.load(null).func("void *dlopen(const char *path, int flags)")(path, RTLD_LAZY);
}

/** The text, ended by 0, that a pointer leads to. */
export function textAt(pointer: bigint): string {
  return String(koffi.decode(pointer, "char", -1));
}

/** A structure's type, to be named in prototypes. */
export function nativeStruct(name: string, members: Readonly<Record<string, string>>): void {
  koffi.struct(name, { ...members });
}
