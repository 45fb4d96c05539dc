import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { html } from "../../steps/pages/html.ts";
import { reportPage } from "../../steps/report/page/page.ts";
import { executablePath, lackOfBrowser, looks, seriousProblems } from "../browser.ts";
import { pageContent } from "./content.ts";

/** Names that would do something if they were not text. */
const hostile = [
  "<script>document.title='taken'</script>",
  "</script><img src=x onerror=\"document.title='taken'\">",
  "\"quotes\" 'and' `ticks`",
  "two\nlines",
  "\u202eright to left\u202c עברית",
  "</style><style>*{display:none}",
  "x&lt;y&amp;",
  "--> <!-- ${1}",
  "漢字😀",
  "a_very_long_name_of_a_class_without_any_place_to_break_it_that_goes_on_and_on_and_on",
];

test("text stays text in elements and attributes", () => {
  const name = hostile.join("");
  const { text } = html`<p title="${name}">${[name, 1, undefined, html`<b>${name}</b>`]}</p>`;
  expect(text.replace(/^<p title="|<\/p>$/g, "").replaceAll(/<\/?b>/g, "")).not.toMatch(/<|"(?!>)/);
  expect(text).not.toMatch(/[\u202a-\u202e]/);
});

test("a page has no script, no link out and no address", () => {
  const page = reportPage(pageContent({ classes: 10, count: 300, name: (label) => hostile[label] ?? "x" }));
  expect(page).not.toMatch(/<script|<link|<iframe|<object|@import|url\(|https?:/i);
  expect(page.match(/href="[^"]*"/g)?.every((link) => link.startsWith('href="#'))).toBe(true);
});

test("5,000 pictures of 10 classes are a page of less than 3 MB, 60 thumbnails of 6 kB and all", () => {
  const content = pageContent({ classes: 10, count: 5000 });
  const thumbnails = new Map([["thumbnails/one.jpg", "A".repeat(8192)]]);
  expect(content.figures.mistakes.length + content.figures.doubts.length).toBe(60);
  expect(content.figures.map.points).toHaveLength(5000);
  const page = reportPage({ ...content, thumbnails });
  expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
});

test("of 1,000 classes a few are shown and all are there", () => {
  const page = reportPage(pageContent({ classes: 1000, count: 3000 }));
  expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
  for (const label of [0, 499, 999]) expect(page).toContain(`<th scope="row">class ${label}</th>`);
  const [matrix = ""] = page.match(/<table class="matrix">.*?<\/table>/s) ?? [];
  expect(matrix.match(/<tr>/g)?.length).toBeLessThanOrEqual(13);
});

describe.skipIf(executablePath === undefined)(`in a browser${lackOfBrowser}`, () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    folder = mkdtempSync(join(tmpdir(), "flow-page-"));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  const contents = {
    "2 classes": () => pageContent({ classes: 2, count: 93 }),
    "hostile names": () =>
      pageContent({ classes: 10, count: 300, name: (label) => hostile[label] ?? String(label) }),
    "1,000 classes": () => pageContent({ classes: 1000, count: 2000 }),
  };
  describe.each(Object.entries(contents))("%s", (name, content) => {
    let file: string;
    beforeAll(() => {
      file = join(folder, `${name}.html`);
      writeFileSync(file, reportPage(content()));
    });

    test.each(looks)(
      "at %i pixels, %s: fits, is quiet, asks for nothing, and axe is content",
      async (width, colorScheme) => {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const told: string[] = [];
        page.on("console", (message) => told.push(message.text()));
        page.on("pageerror", (error) => told.push(error.message));
        page.on("request", (request) => {
          if (!/^(data|file):/.test(request.url())) told.push(request.url());
        });
        await page.goto(pathToFileURL(file).href);
        expect(await page.title()).toBe("page: report");
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
        expect(told).toEqual([]);
        expect(await seriousProblems(page)).toEqual([]);
        await page.close();
      },
    );
  });

  test("all that scrolls or opens is reached by keyboard", async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 900 } });
    const file = join(folder, "keys.html");
    writeFileSync(file, reportPage(pageContent({ classes: 40, count: 400 })));
    await page.goto(pathToFileURL(file).href);
    await page.locator("summary").first().focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("details[open]").count()).toBe(1);
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    await page.evaluate("document.activeElement.blur()");
    const wanted = await page.locator("a, summary, .scroll[tabindex]").count();
    const reached = new Set<string>();
    // From wherever the first one is looked for, all the way round.
    for (let at = 0; at <= wanted + 1; at++) {
      await page.keyboard.press("Tab");
      const focused = "document.activeElement";
      if (await page.evaluate(`${focused} !== document.body`)) {
        reached.add(await page.evaluate(`${focused}.outerHTML.slice(0, 200)`));
      }
    }
    expect(reached.size).toBe(wanted);
    await page.close();
  });
});
