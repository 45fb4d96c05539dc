import { printable } from "../printable.ts";
import type { Diagnostic, Place } from "./diagnostic.ts";

/** Diagnostics as people read them: place, message, the line with a range of carets, a way out. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const parts = diagnostics.map(renderDiagnostic);
  const count = (severity: Diagnostic["severity"], noun: string): readonly string[] => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return found === 0 ? [] : [`${found} ${noun}${found === 1 ? "" : "s"}`];
  };
  const counts = [...count("error", "mistake"), ...count("warning", "warning")].join(", ");
  return printable(`${parts.join("\n")}\n${counts}\n`);
}

function renderDiagnostic({ code, severity, message, place, hint }: Diagnostic): string {
  const lines = [`${placeText(place)} ${severity} ${code}: ${message}`];
  if (place.kind === "file") {
    const number = String(place.line);
    const lead = place.source.slice(0, place.offset).replaceAll(/[^\t]/g, " ");
    lines.push(` ${number} | ${place.source}`);
    lines.push(` ${" ".repeat(number.length)} | ${lead}${"^".repeat(place.length)}`);
  }
  if (hint !== undefined) lines.push(`   = ${hint.trimEnd().replaceAll("\n", "\n     ")}`);
  return `${lines.join("\n")}\n`;
}

function placeText(place: Place): string {
  return place.kind === "option" ? place.option : `${place.file}:${place.line}:${place.column}`;
}
