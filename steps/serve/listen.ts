import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { StepError } from "../../engine/step-type.ts";
import type { Connection } from "./app.ts";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Seconds for a body. */
  readonly timeout: number;
  /** Whether a body is to be sent by a client that asks first. */
  wants(connection: Connection["incoming"]): boolean;
  fetch(request: Request, connection: Connection): Response | Promise<Response>;
}

export interface Listening {
  readonly port: number;
  /** Takes no more connections; answers what was asked. */
  close(): Promise<void>;
  kill(): void;
}

/** Seconds for the headers of a request; a client that is slower is cut off. */
const HEADERS_SECONDS = 10;

/** @throws StepError where the place is taken, or none of this machine's. */
export async function listen({ host, port, timeout, wants, fetch }: ListenOptions): Promise<Listening> {
  const listener = getRequestListener((request, connection) => fetch(request, connection as Connection), {
    overrideGlobalObjects: false,
  });
  let inHand = 0;
  let isClosing = false;
  const server = createServer({
    headersTimeout: Math.min(HEADERS_SECONDS, timeout) * 1000,
    // The body's own limit comes first, and says what it is.
    requestTimeout: (HEADERS_SECONDS + timeout) * 1000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16 * 1024,
  });
  const onRequest = (incoming: Connection["incoming"], outgoing: Connection["outgoing"]): void => {
    inHand++;
    outgoing.once("close", () => {
      inHand--;
      if (isClosing && inHand === 0) server.closeAllConnections();
    });
    void listener(incoming, outgoing);
  };
  server.on("request", onRequest);
  server.on("checkContinue", (incoming, outgoing) => {
    // curl asks before it sends much: what is too much need not be sent.
    if (wants(incoming)) outgoing.writeContinue();
    onRequest(incoming, outgoing);
  });
  await bound(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (inHand === 0) server.closeAllConnections();
      await closed;
    },
    kill() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bound(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, resolve);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    switch (code) {
      case "EADDRINUSE":
        throw new StepError(`port ${port} is taken: name another with --port, or 0 for any that is free`);
      case "EACCES":
        throw new StepError(`port ${port} is not for ordinary users: name one from 1024 on with --port`);
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
      case "EAI_AGAIN":
        throw new StepError(`--host ${host} is no name or address of this machine`);
      default:
        throw error;
    }
  }
}
