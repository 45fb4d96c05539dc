import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { type Finished, newWorkplace, type Running, until, type Workplace } from "../cli/flow.ts";
import { evaluation, pipeline, smallNetwork } from "../cli/predicting.ts";

// What tests of `flow serve` share: the program as users start it, asked over the loopback address.

export interface Served extends Running {
  /** As it says itself. */
  readonly url: string;
  readonly port: number;
  /** The model, as its first line has it. */
  readonly model: Record<string, unknown>;
  /** What it has printed there so far. */
  stderr(): string;
  /** Asks it to stop, and waits for its end. */
  stop(): Promise<Finished>;
}

/** Starts `flow serve` on a free port and waits for its first line. */
export async function startServer(
  place: Workplace,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const started = place.start(["serve", "latest", "--port", "0", "--json", ...args], env);
  let printed = "";
  let told = "";
  let isOver = false;
  started.child.stderr?.on("data", (text) => {
    told += text;
  });
  started.child.stdout?.on("data", (text) => {
    printed += text;
  });
  void started.finished.then(() => {
    isOver = true;
  });
  await until(() => printed.includes("\n") || isOver, "the server's first line");
  if (isOver) throw new Error((await started.finished).stderr);
  const { kind, url, model } = JSON.parse(printed);
  if (kind !== "listening") throw new Error(printed);
  return {
    ...started,
    ...{ url, model },
    port: Number(new URL(url).port),
    stderr: () => told,
    stop() {
      started.child.kill("SIGTERM");
      return started.finished;
    },
  };
}

/** A workplace with a model of a network so small that the rest can be seen. */
export async function smallModel(): Promise<Workplace> {
  const place = newWorkplace();
  place.write("p.yaml", pipeline(smallNetwork(place)));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  if (code !== 0) throw new Error(stderr);
  return place;
}

/** A server of that model, and a picture to ask it with. */
export interface SmallServer {
  readonly place: Workplace;
  readonly served: Served;
  readonly picture: Buffer;
  /** Stops it; that ends well. */
  end(): Promise<void>;
}

export async function smallServer(args: readonly string[] = []): Promise<SmallServer> {
  const place = await smallModel();
  const served = await startServer(place, args);
  return {
    ...{ place, served, picture: picturesOf(place)[0]?.bytes as Buffer },
    async end() {
      expect(await served.stop()).toMatchObject({ code: 0 });
      place.remove();
    },
  };
}

export interface Prediction {
  readonly file: string;
  readonly predicted?: string;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** The pictures of a workplace that its model was tested on. */
export function picturesOf(place: Workplace): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const folder = join(place.root, evaluation);
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

/** What `flow predict --json` says, by the last part of the names. */
export async function said(
  place: Workplace,
  ...words: readonly string[]
): Promise<ReadonlyMap<string, Prediction>> {
  const { stdout } = await place.flow(["predict", "latest", ...words, "--json"]);
  const lines = stdout.trimEnd().split("\n");
  const all = lines.map((line): Prediction => {
    const { file, ...rest } = JSON.parse(line);
    return { file: String(file).replace(/^.*\//, ""), ...rest };
  });
  return new Map(all.map((one) => [one.file, one]));
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON it is
  readonly json: any;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** A request with any headers: `fetch` forbids some. */
export function ask(url: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => {
        const isJson = text !== "" && response.headers["content-type"] === "application/json";
        resolve({
          ...{ status: response.statusCode ?? 0, headers: response.headers, text },
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** One picture as the body. */
export function post(
  { url }: Pick<Served, "url">,
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = { "content-type": "image/jpeg" },
): Promise<Response> {
  return ask(`${url}predict`, { method: "POST", headers, body });
}

/** Several as a form. */
export async function postForm(
  { url }: Pick<Served, "url">,
  files: readonly { readonly name: string; readonly bytes: Buffer }[],
): Promise<Response> {
  const form = new FormData();
  for (const { name, bytes } of files) form.append("picture", new Blob([Uint8Array.from(bytes)]), name);
  const response = await fetch(`${url}predict`, { method: "POST", body: form });
  const text = await response.text();
  return {
    ...{ status: response.status, headers: Object.fromEntries(response.headers), text },
    json: JSON.parse(text),
  };
}

/** A connection that says what it is told, and all that came back when it is over. */
export function connection({ port }: Pick<Served, "port">): {
  readonly socket: Socket;
  readonly closed: Promise<string>;
} {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (part) => {
    text += part.toString();
  });
  const closed = new Promise<string>((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
  return { socket, closed };
}

/** That it answers as ever. */
export async function expectWell(place: Workplace, served: Served): Promise<void> {
  const [picture] = picturesOf(place);
  const [known] = (await said(place, `${evaluation}/${picture?.name}`)).values();
  const { status, json } = await post(served, picture?.bytes as Buffer);
  expect({ status, predictions: json.predictions }).toEqual({
    status: 200,
    predictions: [{ ...known, file: "-" }],
  });
}

/** Waits until so many requests for predictions are under way. */
export async function arrived({ url }: Pick<Served, "url">, count: number): Promise<void> {
  for (;;) {
    const { text } = await ask(`${url}metrics`);
    if (Number(/^flow_serve_requests_in_hand (\d+)$/m.exec(text)?.[1]) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * An environment in which a library does something when it reads a picture that
 * begins with a word: in the threads that read, and nowhere else.
 */
export function whenRead(word: string, does: string): Readonly<Record<string, string>> {
  const module = `
import { isMainThread } from "node:worker_threads";
const text = Buffer.prototype.toString;
if (!isMainThread) Buffer.prototype.toString = function (...how) {
  const said = text.apply(this, how);
  if (said.startsWith("${word}")) ${does};
  return said;
};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}

/** Every file below a folder with size and time of its content. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
