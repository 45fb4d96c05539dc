import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import type { ModelIdentity } from "../../engine/machine.ts";
import { printableJson } from "../../engine/printable.ts";
import type { ServerLimits } from "../../engine/serving.ts";
import type { Access } from "./access.ts";
import { answerOf } from "./answer.ts";
import { readBody, refuseLength } from "./body.ts";
import type { Desk } from "./desk.ts";
import { newMetrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { type Page, policy } from "./page/page.ts";
import { bodyForm, picturesOf } from "./pictures.ts";
import { type Refusal, refused } from "./refusal.ts";

export interface AppOptions {
  readonly model: ModelIdentity;
  readonly limits: ServerLimits;
  readonly access: Access;
  readonly desk: Desk;
  readonly page: Page;
  /** Of flow. */
  readonly version: string;
  /** Whether it takes nothing more. */
  isStopping(): boolean;
  /** Says what went wrong with no client to blame. */
  warn(text: string): void;
}

/** What the HTTP server gives with each request. */
export interface Connection {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

type Asked = Context<{ Bindings: Connection }>;

/** Paths that say nothing of the model. */
const open = new Set(["/", "/page.js", "/health"]);

/** Everything that can be asked over HTTP, and by whom. */
export function newApp(options: AppOptions): Hono<{ Bindings: Connection }> {
  const { model, limits, access, desk, page, version, isStopping, warn } = options;
  const metrics = newMetrics(model);
  const description = openApi({ limits, version, isGuarded: access.isGuarded });
  let inHand = 0;

  const predict = async (asked: Asked): Promise<Response> => {
    if (isStopping()) return refuse(asked, stopping);
    if (inHand >= limits.maxQueue) return refuse(asked, full(limits));
    const started = performance.now();
    inHand++;
    try {
      const given = await read(asked);
      if ("kind" in given) return refuse(asked, given);
      const predictions = await withinTime(asked, limits, (signal) => desk.ask(given, signal));
      if ("kind" in predictions) return refuse(asked, predictions);
      metrics.predicted(predictions, (performance.now() - started) / 1000);
      const { status, body } = answerOf(predictions, model);
      return json(asked, status, body);
    } finally {
      inHand--;
    }
  };
  const read = async ({ env: { incoming } }: Asked): Promise<ReturnType<typeof picturesOf>> => {
    const { "content-type": type, "content-encoding": encoding } = incoming.headers;
    const tooLong = refuseLength(incoming, limits);
    if (tooLong !== undefined) return tooLong;
    const form = bodyForm(type, encoding);
    if (form.kind === "refused") return form;
    const body = await readBody(incoming, limits);
    if ("kind" in body) return body;
    metrics.received(body.length);
    return picturesOf(body, form);
  };

  const app = new Hono<{ Bindings: Connection }>();
  app.use(async (asked, next) => {
    const { req, env } = asked;
    const { headers } = env.incoming;
    const isRead = req.method === "GET" || req.method === "HEAD";
    const refusal =
      access.refuseHost(headers) ??
      (open.has(req.path) ? undefined : access.refuseStranger(headers)) ??
      (isRead ? undefined : access.refuseSite(headers));
    if (refusal === undefined) await next();
    else asked.res = refuse(asked, refusal);
    // A client goes away with its answer where nothing more is taken.
    if (isStopping()) asked.header("connection", "close");
    for (const [name, value] of Object.entries(always))
      if (!asked.res.headers.has(name)) asked.header(name, value);
    metrics.answered(known.has(req.path) ? req.path : "other", asked.res.status);
  });
  app.get("/", (asked) =>
    asked.html(page.html, 200, {
      "content-security-policy": page.policy,
      "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    }),
  );
  app.get("/page.js", (asked) =>
    asked.body(page.script, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  app.get("/model", (asked) => json(asked, 200, model));
  app.get("/openapi.json", (asked) => json(asked, 200, description));
  app.get("/health", (asked) => {
    const status = isStopping() ? "stopping" : desk.isFailing() ? "failing" : "ok";
    return json(asked, status === "ok" ? 200 : 503, { status });
  });
  app.get("/metrics", (asked) => {
    const now = { requests: inHand, pictures: desk.waiting(), maxQueue: limits.maxQueue };
    return asked.body(metrics.text(now), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  app.post("/predict", predict);
  const known = new Set(app.routes.flatMap(({ path }) => (path === "/*" ? [] : [path])));
  app.notFound((asked) => {
    const methods = app.routes.flatMap(({ path, method }) => (path === asked.req.path ? [method] : []));
    if (methods.length === 0) return refuse(asked, refused(404, `there is no ${asked.req.path}`));
    const allow = methods.join(", ");
    return refuse(asked, refused(405, `${asked.req.path} takes ${allow}`, { headers: { allow } }));
  });
  app.onError((error, asked) => {
    warn(error.stack ?? error.message);
    return refuse(asked, refused(500, "a mistake in the server"));
  });
  return app;
}

/** Headers of every answer: what is sent is for the page of this server, and for nobody to keep. */
const always = {
  "cache-control": "no-store",
  "content-security-policy": policy.none,
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const stopping = refused(503, "the server is stopping", { headers: { connection: "close" } });

function full({ maxQueue }: ServerLimits): Refusal {
  return refused(429, `${maxQueue} requests are under way already: try again`, {
    limit: { name: "--max-queue", value: maxQueue },
    headers: { "retry-after": "1" },
  });
}

/** What work gives, where that comes in time and the client is still there to hear it. */
async function withinTime<Result>(
  { env: { outgoing } }: Asked,
  { timeout }: ServerLimits,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | Refusal> {
  const stop = new AbortController();
  const late = refused(503, `the answer has not come within ${timeout} s`, {
    limit: { name: "--timeout", value: timeout },
    headers: { "retry-after": "1" },
  });
  const gone = refused(400, "the client has gone");
  const onClose = (): void => stop.abort(gone);
  const timer = setTimeout(() => stop.abort(late), timeout * 1000);
  outgoing.once("close", onClose);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (error === late || error === gone) return error as Refusal;
    throw error;
  } finally {
    clearTimeout(timer);
    outgoing.off("close", onClose);
  }
}

function refuse(asked: Asked, { status, error, limit, headers }: Refusal): Response {
  const { incoming, outgoing } = asked.env;
  // A connection that is closed under a client which is still sending loses the answer:
  // what comes is thrown away for a while (by @hono/node-server) first.
  if (!incoming.complete && incoming.headers.expect === undefined) outgoing.shouldKeepAlive = true;
  return json(asked, status, { error, ...(limit === undefined ? {} : { limit }) }, headers);
}

/** Names of files come from anywhere, and answers are shown in terminals. */
function json(
  asked: Asked,
  status: Refusal["status"] | 200,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return asked.body(printableJson(`${JSON.stringify(value)}\n`), status, {
    "content-type": "application/json",
    ...headers,
  });
}
