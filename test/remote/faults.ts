import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** What goes wrong with a request, if anything. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    }
  /** The connection is cut after so many bytes of the body, the server's or the client's. */
  | { readonly kind: "cut"; readonly after: number }
  | { readonly kind: "cutUpload"; readonly after: number }
  /** Some bytes of the body are others. */
  | { readonly kind: "garble" }
  /** The body ends early, and says it is whole. */
  | { readonly kind: "shorten" }
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** There is never an answer. */
  | { readonly kind: "silent" };

export interface Asked {
  readonly method: string;
  readonly url: string;
}

export interface Faulty {
  readonly port: number;
  /** All that was asked. */
  readonly asked: readonly Asked[];
  /** Decides what goes wrong with each request; nothing at first. */
  decide: (asked: Asked) => Fault | undefined;
  close(): Promise<void>;
}

/** A server that hands on to another, unless something is to go wrong. */
export async function startFaulty(behind: number): Promise<Faulty> {
  const asked: Asked[] = [];
  const server = createServer((incoming, response) => {
    const one = { method: incoming.method ?? "", url: incoming.url ?? "" };
    asked.push(one);
    const fault = faulty.decide(one);
    void answer(incoming, response, behind, fault);
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const faulty: Faulty = {
    port,
    asked,
    decide: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return faulty;
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  behind: number,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === "silent") return;
  if (fault?.kind === "status") {
    incoming.resume();
    response.writeHead(fault.status, fault.headers ?? {}).end(incoming.method === "HEAD" ? "" : fault.body);
    return;
  }
  if (fault?.kind === "cutUpload") {
    let length = 0;
    incoming.on("data", (data: Buffer) => {
      length += data.length;
      if (length >= fault.after) incoming.destroy();
    });
    return;
  }
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
  const { method, url, headers } = incoming;
  const onward = request({ host: "127.0.0.1", port: behind, method, path: url, headers }, (answered) => {
    const parts: Buffer[] = [];
    answered.on("data", (data: Buffer) => parts.push(data));
    answered.on("end", () => {
      const body = Buffer.concat(parts);
      if (fault?.kind === "garble" && body.length > 0)
        body[body.length >> 1] = (body[body.length >> 1] as number) ^ 0xff;
      const whole = fault?.kind === "shorten" ? body.subarray(0, body.length >> 1) : body;
      const length = method === "HEAD" ? {} : { "content-length": String(whole.length) };
      response.writeHead(answered.statusCode ?? 500, { ...answered.headers, ...length });
      if (fault?.kind === "cut") {
        response.write(whole.subarray(0, fault.after), () => response.destroy());
      } else response.end(method === "HEAD" ? undefined : whole);
    });
  });
  onward.on("error", () => response.destroy());
  incoming.pipe(onward);
}
