/** A message that names every offender; very long lists are cut, and say so. */
export function listed(message: string, offenders: readonly string[]): string {
  const shown = offenders.slice(0, 20);
  const rest = offenders.length - shown.length;
  return [message, ...shown, ...(rest > 0 ? [`… and ${rest} more`] : [])].join("\n");
}

/** "1 picture", "2 pictures" */
export function countOf(pictures: readonly unknown[]): string {
  return `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}`;
}
