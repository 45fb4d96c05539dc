/** 50,100 */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** A word as a shell takes it for one. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The first few of a list, in one line: "a, b and 3 more". */
export function some(names: readonly string[], most: number): string {
  const rest = names.length - most;
  return `${names.slice(0, most).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** 98.9 %, and 100 % only where all are. The space does not break. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100}\u00a0%`;
  const digits = Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1);
  return `${digits.replace(/\.0$/, "")}\u00a0%`;
}
