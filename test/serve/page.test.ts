import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executablePath, lackOfBrowser, looks, seriousProblems } from "../browser.ts";
import type { Workplace } from "../cli/flow.ts";
import { evaluation } from "../cli/predicting.ts";
import { ask, type Prediction, type Served, said, smallModel, startServer } from "./serving.ts";

// The page of a server, in a browser.

describe.skipIf(executablePath === undefined)(`in a browser${lackOfBrowser}`, () => {
  let browser: Browser;
  let place: Workplace;
  let served: Served;
  let expected: ReadonlyMap<string, Prediction>;
  let files: readonly string[];
  beforeAll(async () => {
    const args = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    browser = await chromium.launch({ executablePath: executablePath ?? "", args });
    place = await smallModel();
    served = await startServer(place);
    expected = await said(place, evaluation);
    const names = ["discs", "stripes"].map((one) => {
      return [...expected.values()].find(({ predicted }) => predicted === one)?.file as string;
    });
    files = names.map((name) => join(place.root, evaluation, name));
  });
  afterAll(async () => {
    await browser.close();
    expect(await served.stop()).toMatchObject({ code: 0 });
    place.remove();
  });

  /** The page, with all that its console said, and addresses that are not the server's. */
  async function opened(
    options: Parameters<Browser["newPage"]>[0] = {},
    { url }: Pick<Served, "url"> = served,
  ): Promise<{ readonly page: Page; readonly told: readonly string[] }> {
    const page = await browser.newPage(options);
    const told: string[] = [];
    page.on("console", (message) => told.push(message.text()));
    page.on("pageerror", (error) => told.push(error.message));
    page.on("request", (request) => {
      const address = request.url();
      if (!address.startsWith(url) && !/^(blob|data):/.test(address)) told.push(address);
    });
    await page.goto(url);
    return { page, told };
  }

  /** What the page shows for a picture is what `predict` says of it. */
  async function expectShown(page: Page, name: string, by = name): Promise<void> {
    const { predicted = "", probabilities = {} } = expected.get(name) ?? {};
    const card = page.locator("#results li", { has: page.locator(".file", { hasText: by }) }).first();
    await card.locator(".bars").waitFor();
    expect(await card.locator("h3").textContent()).toBe(predicted);
    const rows = await card.locator(".bars li").allTextContents();
    const ranked = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
    expect(rows).toEqual(ranked.map(([one, value]) => `${one}${(100 * value).toFixed(1)} %`));
    expect(await page.locator("#heard").textContent()).toMatch(/: (discs|stripes), \d/);
  }

  /** Files as they come with a drop or from the clipboard. */
  async function give(page: Page, kind: "drop" | "paste", paths: readonly string[]): Promise<void> {
    const contents = paths.map((path) => [path.replace(/^.*\//, ""), readFileSync(path).toString("base64")]);
    const data = await page.evaluateHandle((all) => {
      // biome-ignore lint/suspicious/noExplicitAny: what a browser has
      const { DataTransfer, File } = globalThis as any;
      const data = new DataTransfer();
      for (const [name = "", content = ""] of all) {
        const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
        data.items.add(new File([bytes], name, { type: "image/jpeg" }));
      }
      return data;
    }, contents);
    if (kind === "drop") return page.locator("#zone").dispatchEvent("drop", { dataTransfer: data });
    await page.evaluate((clipboardData) => {
      // biome-ignore lint/suspicious/noExplicitAny: what a browser has
      const { ClipboardEvent, document } = globalThis as any;
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }, data);
  }

  test.each(looks)(
    "at %i pixels, %s: pictures that are dropped, pasted and picked get the class that predict gives",
    async (width, colorScheme) => {
      const { page, told } = await opened({ viewport: { width, height: 900 }, colorScheme });
      const [first = "", second = ""] = files.map((file) => file.replace(/^.*\//, ""));
      await page.locator("#facts", { hasText: "2 classes: discs, stripes" }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await give(page, "drop", files.slice(0, 1));
      await expectShown(page, first);
      await give(page, "paste", files.slice(1));
      await expectShown(page, second);
      await page.locator("#files").setInputFiles([...files]);
      await page.locator("#results li:nth-child(4) .bars").waitFor();
      await expectShown(page, first);
      const names = await page.locator("#results .file").allTextContents();
      expect(names).toEqual([first, second, second, first]);
      await page.locator("summary").click();
      expect(await page.locator("#example").textContent()).toContain(`${served.url}predict`);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(await page.evaluate("document.querySelector('#results img').naturalWidth")).toBe(32);
      expect(await seriousProblems(page)).toEqual([]);
      expect(told).toEqual([]);
      await page.close();
    },
  );

  test("the camera takes a picture", async () => {
    const { page, told } = await opened();
    await page.locator("#camera-open").click();
    await page.locator("#shoot").click();
    await page.locator("#results .bars").waitFor();
    expect(await page.locator("#results .file").textContent()).toBe("camera.jpg");
    expect(await seriousProblems(page)).toEqual([]);
    await page.locator("#camera-close").click();
    await page.locator("#camera").waitFor({ state: "hidden" });
    expect(told).toEqual([]);
    await page.close();
  });

  test("all can be reached by keyboard", async () => {
    const { page } = await opened();
    const reached: string[] = [];
    for (let at = 0; at < 4; at++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate("document.activeElement.id || document.activeElement.localName"));
    }
    expect(reached.slice(0, 3)).toEqual(["files", "camera-open", "summary"]);
    await page.close();
  });

  test("what is no picture, and what is too much, is said to be, by names that are text", async () => {
    const { page } = await opened();
    const name = "<img src=x onerror=alert(1)>.jpg";
    await page.locator("#files").setInputFiles([
      { name, mimeType: "image/jpeg", buffer: Buffer.from("none") },
      { name: "large.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(20_000_001) },
    ]);
    await page.locator("#results .wrong").nth(1).waitFor();
    expect(await page.locator("#results .file").allTextContents()).toEqual([name, "large.jpg"]);
    expect(await page.locator("#results .text > p:last-child").allTextContents()).toEqual([
      "it is no picture (JPEG, PNG, WebP, GIF and TIFF are read)",
      "it has more than 20000000 bytes",
    ]);
    expect(await page.locator("#results img[src=x]").count()).toBe(0);
    expect(await seriousProblems(page)).toEqual([]);
    await page.close();
  });

  test("with a token it asks for that, shows nothing before, and then works", async () => {
    const guarded = await startServer(place, [], { FLOW_SERVE_TOKEN: "open sesame" });
    const { page, told } = await opened({}, guarded);
    await page.locator("#token").waitFor();
    expect(await page.locator("#zone").isVisible()).toBe(false);
    expect(await page.content()).not.toContain("discs");
    expect(await seriousProblems(page)).toEqual([]);
    await page.locator("#secret").fill("open barley");
    await page.keyboard.press("Enter");
    await page.locator("#token-said", { hasText: "That is not it." }).waitFor();
    await page.locator("#secret").fill("open sesame");
    await page.keyboard.press("Enter");
    await page.locator("#zone").waitFor();
    await page.locator("#files").setInputFiles([...files]);
    await expectShown(page, files[0]?.replace(/^.*\//, "") ?? "");
    // A browser notes refusals in its console.
    expect(told.filter((text) => !text.includes("401 (Unauthorized)"))).toEqual([]);
    await page.close();
    await guarded.stop();
  });

  test("nothing but its own script may run, and nobody may frame it", async () => {
    const { headers, text } = await ask(served.url);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'sha256-/);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(text.match(/<script.*?<\/script>/gs)).toEqual(['<script type="module" src="page.js"></script>']);
    expect(text).not.toMatch(/https?:|style="| on\w+="/);
  });
});
