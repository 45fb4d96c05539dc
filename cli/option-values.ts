import { InvalidArgumentError } from "commander";

// What stands behind options, as commander has it read.

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** Height and width, as `extract` takes them. */
export function readSize(value: string): readonly [number, number] {
  const [, height, width] = /^(\d{1,4})[x×](\d{1,4})$/i.exec(value) ?? [];
  const size = [Number(height), Number(width)] as const;
  if (size.every((one) => one >= 8 && one <= 4096)) return size;
  throw new InvalidArgumentError("Height and width are needed, from 8 to 4096: 224x224.");
}

export function readPort(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) < 65_536) return Number(value);
  throw new InvalidArgumentError("A number from 0 to 65535 is needed.");
}

export function readBytes(value: string): number {
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?) ?(kB|MB|GB)?$/.exec(value) ?? [];
  const bytes = Math.floor(Number(number) * ({ kB: 1e3, MB: 1e6, GB: 1e9 }[unit] ?? 1));
  // More would be no one buffer.
  if (bytes >= 1 && bytes <= 2e9) return bytes;
  throw new InvalidArgumentError("A size up to 2GB is needed: 20MB, 500kB, 4096.");
}

/** From 1 on. */
export function readWhole(most: number): (value: string) => number {
  return (value) => {
    if (/^[1-9]\d{0,8}$/.test(value) && Number(value) <= most) return Number(value);
    throw new InvalidArgumentError("A whole number from 1 on is needed.");
  };
}
