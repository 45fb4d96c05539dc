import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A server of files on the loopback address, with faults. */
export interface FileServer {
  /** `http://127.0.0.1:<port>`. */
  readonly base: string;
  readonly port: number;
  /** All requests, in order. */
  readonly requests: readonly Asked[];
  /** What is at a path from now on. */
  put(path: string, file: ServedFile | Handler): void;
  close(): Promise<void>;
}

export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface ServedFile {
  readonly content: Buffer;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Whether the server sends parts. Default: yes. */
  readonly ranges?: boolean;
  /** After how many bytes of each answer the connection is cut. */
  readonly cutAfter?: number;
  /** After how many bytes of each answer nothing more comes. */
  readonly holdAfter?: number;
  /** What the header says, where that is not so. */
  readonly length?: number;
}

export async function newFileServer(): Promise<FileServer> {
  const files = new Map<string, ServedFile | Handler>();
  const requests: Asked[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push({ path, headers: request.headers });
    const file = files.get(path.split("?")[0] as string);
    if (file === undefined) return void response.writeHead(404).end("none");
    if (typeof file === "function") return file(request, response);
    void serve(file, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    port,
    requests,
    put: (path, file) => void files.set(path, file),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(file: ServedFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { content, etag, lastModified, ranges = true } = file;
  const { range, "if-range": condition } = request.headers;
  const isSame = condition === undefined || condition === (etag ?? lastModified);
  const [, first] = (ranges && isSame && /^bytes=(\d+)-$/.exec(range ?? "")) || [];
  const start = Number(first ?? 0);
  const headers: Record<string, string | number> = {
    "content-length": file.length ?? content.length - start,
  };
  if (etag !== undefined) headers.etag = etag;
  if (lastModified !== undefined) headers["last-modified"] = lastModified;
  if (first !== undefined && start >= content.length) {
    return void response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
  }
  if (first !== undefined)
    headers["content-range"] = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(first === undefined ? 200 : 206, headers);
  const end = start + Math.min(content.length - start, file.cutAfter ?? file.holdAfter ?? content.length);
  // The client may go at any time.
  await pipeline(Readable.from(piecesOf(content.subarray(start, end))), response, { end: false }).catch(
    () => {},
  );
  if (file.holdAfter !== undefined) return;
  // What was written is to arrive before the connection goes.
  if (file.cutAfter !== undefined && end < content.length) response.socket?.destroySoon();
  else response.end();
}

function* piecesOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
}
