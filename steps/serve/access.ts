import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";
import type { ServerRequest } from "../../engine/serving.ts";
import { StepError } from "../../engine/step-type.ts";
import { type Refusal, refused } from "./refusal.ts";

/** Who may ask. */
export interface Access {
  /** Whether clients have to know a token. */
  readonly isGuarded: boolean;
  /** Names that a client may call the server by, in lower case, without a port. */
  readonly hosts: ReadonlySet<string>;
  /** In place of an answer to who calls it by another name. */
  refuseHost(headers: IncomingHttpHeaders): Refusal | undefined;
  /** In place of an answer to a page of another site. */
  refuseSite(headers: IncomingHttpHeaders): Refusal | undefined;
  /** In place of an answer to who does not know the token. */
  refuseStranger(headers: IncomingHttpHeaders): Refusal | undefined;
}

export type AccessOptions = Pick<ServerRequest, "host" | "allowedHosts" | "token" | "isInsecure">;

/** What loopback is called; a site that has its name led here is none of these. */
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/** @throws StepError where others could ask, and nobody said that they may, or as what. */
export function accessOf({ host, allowedHosts, token, isInsecure }: AccessOptions): Access {
  if (token === "") throw new StepError("the token is empty");
  const isAlone = isLoopback(host);
  if (!isAlone && token === undefined && !isInsecure) {
    throw new StepError(
      `--host ${host} lets other machines ask: say what they have to know with --token, or --insecure where anybody may`,
    );
  }
  if (!isAlone && allowedHosts.length === 0) {
    throw new StepError(
      `--host ${host} lets other machines ask: say what they call this one with --allow-host <name>, as in http://<name>/`,
    );
  }
  const names = [...allowedHosts.map(nameOf), ...(isAlone ? [...loopbackNames, bracketed(host)] : [])];
  const hosts = new Set(names.map((name) => name.toLowerCase()));
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  return {
    isGuarded: expected !== undefined,
    hosts,
    refuseHost: (headers) => refuseHost(headers, hosts),
    refuseSite,
    refuseStranger({ authorization = "" }) {
      const given = digest(authorization.replace(/^bearer +/i, "Bearer "));
      if (expected === undefined || timingSafeEqual(given, expected)) return undefined;
      const error = authorization === "" ? "a token is needed: Authorization: Bearer <token>" : "wrong token";
      return refused(401, error, { headers: { "www-authenticate": 'Bearer realm="flow"' } });
    },
  };
}

/** Whether nobody but this machine can reach it. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === "localhost";
  return loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** As it stands in a URL. */
export function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** @throws StepError where it is no name that a URL could have. */
function nameOf(written: string): string {
  try {
    const { hostname, pathname, username } = new URL(`http://${bracketed(written)}/`);
    if (hostname !== "" && pathname === "/" && username === "") return hostname;
  } catch {
    // No name.
  }
  throw new StepError(`--allow-host ${written}: a name as in http://<name>/ is needed`);
}

/** A page of another site reaches loopback when its name is made to lead there: it still says that name. */
function refuseHost({ host = "" }: IncomingHttpHeaders, hosts: ReadonlySet<string>): Refusal | undefined {
  const name = urlOf(`http://${host}`)?.hostname;
  if (name !== undefined && hosts.has(name)) return undefined;
  return refused(
    421,
    `${host === "" ? "no Host" : `the Host ${host}`} is none that this server has (--allow-host adds one)`,
  );
}

/** A browser says from which site a request comes, where it comes from one. */
function refuseSite(headers: IncomingHttpHeaders): Refusal | undefined {
  const { host, origin, "sec-fetch-site": site } = headers;
  const own = urlOf(`http://${host}`)?.host;
  const isOther = origin !== undefined && (own === undefined || urlOf(origin)?.host !== own);
  if (!isOther && (site === undefined || site === "same-origin" || site === "none")) return undefined;
  return refused(403, "a page of another site may not ask");
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
