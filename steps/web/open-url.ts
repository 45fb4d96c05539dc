import { lookup as lookUp } from "node:dns";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { whyNotPublic } from "./addresses.ts";
import { connectionFailure, WebFailure } from "./failure.ts";
import { isWeb, shownUrl } from "./url.ts";

export interface Opening {
  readonly headers: Readonly<Record<string, string>>;
  /** Hosts that may have an address which is none of the public internet. */
  readonly privateHosts: readonly string[];
  /** How long a host may take until its answer begins. */
  readonly answerMs: number;
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 10;

/**
 * The answer to a GET, behind all redirects. Loopback, link-local, private and
 * other addresses that are none of the public internet are refused at every hop,
 * but where the URL itself is such an address (or localhost) as written, or
 * `privateHosts` names the host. What is connected to is the address that was
 * looked at: a name is looked up once. No proxy is used: behind one, none of this would hold.
 *
 * @throws WebFailure. The signal's reason where it is aborted.
 */
export async function openUrl(start: URL, opening: Opening): Promise<IncomingMessage> {
  let url = start;
  // What a host of this machine or network says may lead to itself; what came from elsewhere may not lead there.
  let isAtStart = true;
  for (let redirects = 0; ; redirects++) {
    const isNamed = (isAtStart && isLiteral(start)) || isAmong(opening.privateHosts, url);
    const answer = await ask(url, start, isNamed, opening);
    const { location } = answer.headers;
    if (!isRedirect(answer.statusCode) || location === undefined) return answer;
    answer.destroy();
    if (redirects === MOST_REDIRECTS) throw refused(start, `it leads to more than ${MOST_REDIRECTS} others`);
    const next = nextUrl(location, url, start);
    isAtStart &&= next.hostname === start.hostname;
    url = next;
  }
}

function nextUrl(location: string, url: URL, start: URL): URL {
  if (!URL.canParse(location, url.href)) throw refused(start, "it leads to what is no URL");
  const next = new URL(location, url);
  if (!isWeb(next.protocol)) throw refused(start, `it leads to ${next.protocol}//, not https:// or http://`);
  if (url.protocol === "https:" && next.protocol === "http:") {
    throw refused(start, `it leads from https to ${shownUrl(next)}, where nothing is encrypted`);
  }
  next.hash = "";
  // Who one is to a host is nobody else's business.
  if (next.origin === url.origin && next.username === "") {
    next.username = url.username;
    next.password = url.password;
  }
  return next;
}

/** The beginning of an answer; its body is still to come. */
function ask(url: URL, start: URL, isNamed: boolean, opening: Opening): Promise<IncomingMessage> {
  const { headers, answerMs, signal } = opening;
  const where = placeText(url, start);
  signal.throwIfAborted();
  const host = hostOf(url);
  // An address is not looked up, so nothing would look at it.
  const why = isIP(host) === 0 || isNamed ? undefined : whyNotPublic(host);
  if (why !== undefined) throw refusedAddress(where, host, why);
  return new Promise((resolve, reject) => {
    const get = url.protocol === "https:" ? getHttps : getHttp;
    const request = get(url, {
      // A connection of its own: none that was opened for another.
      agent: false,
      lookup: isNamed ? lookUp : publicLookup(where),
      signal,
      headers: { "user-agent": "flow-pipelines", accept: "*/*", "accept-encoding": "identity", ...headers },
    });
    const patience = setTimeout(() => {
      const seconds = answerMs / 1000;
      request.destroy(
        new WebFailure(`${where}: no answer for ${seconds} s`, { blame: "machine", passes: true }),
      );
    }, answerMs);
    request.on("response", (answer) => {
      clearTimeout(patience);
      resolve(answer);
    });
    request.on("error", (error) => {
      clearTimeout(patience);
      reject(signal.aborted ? signal.reason : connectionFailure(error, where));
    });
  });
}

/** Finds the public addresses of a host, and fails where it has none. */
function publicLookup(where: string): LookupFunction {
  return (host, options, callback) => {
    lookUp(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const good = found.filter(({ address }) => whyNotPublic(address) === undefined);
      const [first] = good;
      if (first === undefined) {
        const address = found[0]?.address ?? "";
        return callback(refusedAddress(where, address, whyNotPublic(address) ?? "no address"), "", 0);
      }
      if (options.all) callback(null, good);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(where: string, address: string, why: string): WebFailure {
  return new WebFailure(
    `${where}: ${address} is ${why}, which no URL leads to unless the URL as written says it; where the host is meant, name it under \`privateHosts\``,
    { blame: "step", passes: false },
  );
}

function refused(start: URL, why: string): WebFailure {
  return new WebFailure(`${shownUrl(start)}: ${why}`, { blame: "step", passes: false });
}

function isAmong(hosts: readonly string[], url: URL): boolean {
  return hosts.some((host) => host.toLowerCase() === hostOf(url));
}

/** Whether a URL says that it means this machine, or an address. */
function isLiteral(url: URL): boolean {
  const host = hostOf(url);
  return isIP(host) !== 0 || host === "localhost" || host.endsWith(".localhost");
}

/** Without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function placeText(url: URL, start: URL): string {
  return url === start ? shownUrl(url) : `${shownUrl(start)} leads to ${shownUrl(url)}`;
}

function isRedirect(status: number | undefined): boolean {
  return status !== undefined && [301, 302, 303, 307, 308].includes(status);
}
