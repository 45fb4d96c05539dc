/** "did you mean …" where a known name is near, else the names there are. */
export function suggest(name: string, known: readonly string[], what: string): string {
  const near = nearest(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return `there are no ${what}`;
  const shown = known.slice(0, 12).join(", ");
  return `${what}: ${shown}${known.length > 12 ? ", …" : ""}`;
}

/** Any number of names, in lines that fit a terminal below "   = there are ". */
export function inLines(names: readonly string[]): string {
  const lines: string[] = [];
  for (const [at, name] of names.entries()) {
    const word = at === names.length - 1 ? name : `${name},`;
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= 62) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** "a → b → a"; of a long circle its ends. */
export function circleText(names: readonly string[]): string {
  const shown = names.length <= 12 ? names : [...names.slice(0, 6), "…", ...names.slice(-5)];
  return shown.join(" → ");
}

/** Of more names than this only the first are compared: it is done for every mistake. */
const MOST_COMPARED = 1000;

/** The known name that is near enough to be what was meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known
    .slice(0, MOST_COMPARED)
    .map((candidate) => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance);
  return scored[0]?.candidate;
}

/** Damerau and Levenshtein's distance in its restricted form: insertions, deletions, changes, swaps of neighbours. */
function distance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + cost,
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] as number) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}
