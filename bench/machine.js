import { cpus, totalmem } from "node:os";

/** What figures were measured on. */
export function machine() {
  return `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
}

export function print(line) {
  process.stdout.write(`${line}\n`);
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
