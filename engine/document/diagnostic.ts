/** Where a mistake is: a range of the pipeline file, or a command-line option. */
export type Place =
  | {
      readonly kind: "file";
      /** As the user gave it. */
      readonly file: string;
      /** 1-based. */
      readonly line: number;
      /** 1-based, in UTF-16 code units. */
      readonly column: number;
      /** Length of the marked range on the first line, at least 1. */
      readonly length: number;
      /** The source line without its end; of a very long one the piece around the range. */
      readonly source: string;
      /** Where the range begins in `source`, from 0. */
      readonly offset: number;
    }
  | { readonly kind: "option"; readonly option: string };

/** Every mistake `flow validate` can report. The codes are stable: scripts and searches rely on them. */
export type DiagnosticCode =
  | "yaml-syntax"
  | "yaml-feature"
  | "duplicate-name"
  | "bad-name"
  | "unknown-property"
  | "missing-property"
  | "wrong-type"
  | "wrong-value"
  | "unknown-step-type"
  | "unknown-input"
  | "missing-input"
  | "unknown-step"
  | "unknown-output"
  | "unknown-param"
  | "bad-reference"
  | "unquoted-reference"
  | "cycle"
  | "missing-file"
  | "unlisted-file"
  | "unset-variable"
  | "part-of-line"
  | "small-machine"
  | "bad-option";

/** Codes of what is worth a word and keeps nothing from running. */
const warnings: ReadonlySet<DiagnosticCode> = new Set([
  "unlisted-file",
  "unset-variable",
  "part-of-line",
  "small-machine",
]);

export function severityOf(code: DiagnosticCode): "error" | "warning" {
  return warnings.has(code) ? "warning" : "error";
}

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: "error" | "warning";
  /** One sentence without a full stop: what is wrong and what was expected. */
  readonly message: string;
  readonly place: Place;
  /** A way out: "did you mean …", the names that exist, the command to run. */
  readonly hint?: string;
}
