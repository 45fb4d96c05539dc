import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerLimits } from "../../../engine/serving.ts";
import { type Html, html } from "../../pages/html.ts";
import { look } from "../../pages/look.ts";
import { style } from "./style.ts";

/** A page on which people try a model: it says nothing of it but what its script is told. */
export interface Page {
  readonly html: string;
  readonly script: string;
  /** What it may do (Content-Security-Policy). */
  readonly policy: string;
}

export interface PageOptions {
  /** Whether a token is to be asked for. */
  readonly isGuarded: boolean;
  readonly limits: Pick<ServerLimits, "maxBytes">;
}

export function newPage({ isGuarded, limits: { maxBytes } }: PageOptions): Page {
  const page: Html = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>flow: try the model</title>
<link rel="icon" href="data:,">
${look}
${style}
<script type="module" src="page.js"></script>
</head>
<body data-guarded="${isGuarded ? "yes" : "no"}" data-max-bytes="${maxBytes}">
<header>
<p class="kicker">flow serve</p>
<h1>Try the model</h1>
<p class="facts dim" id="facts">The model is asked for …</p>
</header>
<main>
<form class="token" id="token" hidden>
<label for="secret">The server asks for its token</label>
<div class="actions"><input id="secret" type="password" autocomplete="off" required><button class="main">Use it</button></div>
<p class="dim" id="token-said" role="status"></p>
</form>
<section class="zone" id="zone" aria-label="Pictures">
<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="3" y="4.5" width="18" height="15" rx="2.5"/><circle cx="8.5" cy="9.5" r="1.6"/><path d="M3.5 17l5-4.5 3.5 3 4-4.5 4.5 5"/></svg>
<p class="big">Drop pictures here, or paste them</p>
<div class="actions">
<input class="seen" id="files" type="file" accept="image/*" multiple><label class="button main" for="files">Choose pictures</label>
<button id="camera-open" type="button" hidden>Use the camera</button>
</div>
<p class="dim">JPEG, PNG, WebP, GIF or TIFF, up to ${megabytes(maxBytes)}. What is sent is computed and forgotten.</p>
</section>
<section class="camera" id="camera" aria-label="Camera" hidden>
<video id="video" playsinline muted></video>
<div class="actions"><button class="main" id="shoot" type="button">Take the picture</button><button id="camera-close" type="button">Close the camera</button></div>
</section>
<p class="notes" id="said" role="alert" hidden></p>
<section id="outcome" aria-label="Results" hidden>
<h2>What it says</h2>
<ol class="results" id="results"></ol>
</section>
<p class="seen" id="heard" role="status"></p>
<noscript><p class="notes">This page needs its script. Programs do without: curl -F picture=@photo.jpg &lt;this address&gt;predict</p></noscript>
</main>
<footer>
<details><summary>From a program</summary>
<p>One picture as the body, or several as a form; what comes back is JSON. <code>/openapi.json</code> describes it, <code>/metrics</code> counts.</p>
<pre tabindex="0" id="example">curl -F picture=@photo.jpg</pre>
</details>
</footer>
</body>
</html>
`;
  return { html: page.text, script, policy: policyOf(page.text) };
}

const script = readFileSync(new URL("./script.js", import.meta.url), "utf8");

export const policy = {
  /** Of all that is no page. */
  none: "default-src 'none'; frame-ancestors 'none'",
};

/** Its own script and styles, pictures that it shows itself, and its own server. */
function policyOf(page: string): string {
  const styles = [...page.matchAll(/<style>(.*?)<\/style>/gs)].map(
    ([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  const parts = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": styles.join(" "),
    "img-src": "blob: data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.floor(bytes / 1e3)} kB` : `${Math.floor(bytes / 1e5) / 10} MB`;
}
