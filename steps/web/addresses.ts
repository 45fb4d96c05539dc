import { isIP } from "node:net";

/**
 * Why an address is none of the public internet, as "a private address";
 * `undefined` where it is one. After the IANA IPv4 and IPv6 Special-Purpose
 * Address Registries (RFC 6890).
 *
 * @param address IPv4 or IPv6, without brackets; a zone (`%eth0`) may follow.
 */
export function whyNotPublic(address: string): string | undefined {
  const [plain = ""] = address.split("%");
  const family = isIP(plain);
  if (family === 0) return "no address";
  if (family === 4) return whyNotPublic4(bits4(plain));
  const bits = bits6(plain);
  for (const { range, at } of embedded) if (isWithin(bits, range)) return whyNotPublic4(part(bits, at));
  return special6.find(([, range]) => isWithin(bits, range))?.[0];
}

interface Range {
  readonly bits: bigint;
  /** How many of the first bits count. */
  readonly length: number;
  readonly width: 32 | 128;
}

const special4: readonly (readonly [string, Range])[] = [
  ["an unspecified address", range4("0.0.0.0/8")],
  ["a private address", range4("10.0.0.0/8")],
  ["a private address", range4("100.64.0.0/10")],
  ["a loopback address", range4("127.0.0.0/8")],
  ["a link-local address", range4("169.254.0.0/16")],
  ["a private address", range4("172.16.0.0/12")],
  ["a reserved address", range4("192.0.0.0/24")],
  ["an address for documentation", range4("192.0.2.0/24")],
  ["a reserved address", range4("192.88.99.0/24")],
  ["a private address", range4("192.168.0.0/16")],
  ["an address for benchmarks", range4("198.18.0.0/15")],
  ["an address for documentation", range4("198.51.100.0/24")],
  ["an address for documentation", range4("203.0.113.0/24")],
  ["a multicast address", range4("224.0.0.0/4")],
  ["a reserved address", range4("240.0.0.0/4")],
];

/** Addresses that stand for one of IPv4: mapped, translated, and 6to4. */
const embedded: readonly { readonly range: Range; readonly at: number }[] = [
  { range: range6("::ffff:0:0/96"), at: 96 },
  { range: range6("::ffff:0:0:0/96"), at: 96 },
  { range: range6("64:ff9b::/96"), at: 96 },
  { range: range6("2002::/16"), at: 16 },
];

const special6: readonly (readonly [string, Range])[] = [
  ["an unspecified address", range6("::/128")],
  ["a loopback address", range6("::1/128")],
  ["a reserved address", range6("::/96")],
  ["a private address", range6("fc00::/7")],
  ["a link-local address", range6("fe80::/10")],
  ["a private address", range6("fec0::/10")],
  ["a multicast address", range6("ff00::/8")],
  ["a reserved address", range6("2001::/23")],
  ["an address for documentation", range6("2001:db8::/32")],
  ["an address for documentation", range6("3fff::/20")],
  // The public ones are 2000::/3; these are all others.
  ["a reserved address", range6("::/3")],
  ["a reserved address", range6("4000::/2")],
  ["a reserved address", range6("8000::/1")],
];

function whyNotPublic4(bits: bigint): string | undefined {
  return special4.find(([, range]) => isWithin(bits, range))?.[0];
}

function range4(text: string): Range {
  const [address = "", length] = text.split("/");
  return { bits: bits4(address), length: Number(length), width: 32 };
}

function range6(text: string): Range {
  const [address = "", length] = text.split("/");
  return { bits: bits6(address), length: Number(length), width: 128 };
}

function isWithin(bits: bigint, range: Range): boolean {
  const rest = BigInt(range.width - range.length);
  return bits >> rest === range.bits >> rest;
}

/** The 32 bits that begin at a place. */
function part(bits: bigint, at: number): bigint {
  return (bits >> BigInt(96 - at)) & 0xffff_ffffn;
}

function bits4(address: string): bigint {
  return address.split(".").reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function bits6(address: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const tail = dotted === null ? 0n : bits4(dotted[2] as string);
  const text =
    dotted === null ? address : `${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [before = "", after] = text.split("::");
  const groups = (half: string): string[] => (half === "" ? [] : half.split(":"));
  const [first, last] = [groups(before), groups(after ?? "")];
  const zeros = Array<string>(8 - first.length - last.length).fill("0");
  return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
