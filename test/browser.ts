import { execFileSync } from "node:child_process";
import axe from "axe-core";
import type { Page } from "playwright-core";

// What tests of pages share.

/** Debian's, as `.ci/run` installs it. */
function findChromium(): string | undefined {
  try {
    return execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

export const executablePath = findChromium();

/** At the end of titles of what is skipped without one. */
export const lackOfBrowser = executablePath === undefined ? " (skipped: there is no chromium here)" : "";

/** A phone and a desk, by day and by night. */
export const looks = [360, 1280].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => [width, colorScheme] as const),
);

/** What axe-core calls serious or critical. A page may allow no script of its own: it is put in from outside. */
export async function seriousProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate("axe.run()")) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
