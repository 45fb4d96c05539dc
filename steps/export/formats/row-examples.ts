import type { ModelDescription } from "../../learning/heads/model.ts";

// Lines of examples that read rows of features, as `flow export --format numpy` writes them.

type Rows = Pick<ModelDescription, "inputLength" | "extractor">;

/** Node: of the file `process.argv[2]`, `values`: float32, N × length. */
export function rowsNode(rows: Rows): string {
  return `
${remark(rows)}
const npy = readFileSync(process.argv[2]);
${valuesOf(rows, "Uint8Array.from(npy.subarray(10 + npy.readUInt16LE(8))).buffer")}`.trim();
}

/** A browser: of the file `test.npy` beside the page, `values` likewise. */
export function rowsBrowser(rows: Rows): string {
  return `
${remark(rows)}
const npy = await (await fetch("test.npy")).arrayBuffer();
${valuesOf(rows, "npy.slice(10 + new DataView(npy).getUint16(8, true))")}`.trim();
}

/** What rows are read, in Python too, behind a comment's sign. */
export function rowsRemark({ inputLength }: Rows): string {
  return `N × ${inputLength}: rows of features, as \`flow export --format numpy\` writes them`;
}

function remark(rows: Rows): string {
  return `// ${rowsRemark(rows).replace(":", `, ${dtypeOf(rows)}:`)}`;
}

function dtypeOf({ extractor }: Rows): "float32" | "float16" {
  return extractor.dtype ?? "float32";
}

/** Neither Node 20 nor every browser has a Float16Array. */
function valuesOf(rows: Rows, buffer: string): string {
  if (dtypeOf(rows) === "float32") return `const values = new Float32Array(${buffer});`;
  return `const half = (bits) => (bits >> 15 ? -1 : 1) * 2 ** (Math.max((bits >> 10) & 31, 1) - 25) * ((bits & 1023) + ((bits >> 10) & 31 ? 1024 : 0));
const values = Float32Array.from(new Uint16Array(${buffer}), half);`;
}
