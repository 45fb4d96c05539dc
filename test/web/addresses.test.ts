import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { whyNotPublic } from "../../steps/web/addresses.ts";

test.each([
  ["127.0.0.1", "a loopback address"],
  ["127.255.255.255", "a loopback address"],
  ["0.0.0.0", "an unspecified address"],
  ["10.1.2.3", "a private address"],
  ["172.16.0.1", "a private address"],
  ["172.31.255.255", "a private address"],
  ["192.168.1.1", "a private address"],
  ["100.64.0.1", "a private address"],
  ["169.254.169.254", "a link-local address"],
  ["224.0.0.1", "a multicast address"],
  ["255.255.255.255", "a reserved address"],
  ["::", "an unspecified address"],
  ["::1", "a loopback address"],
  ["fe80::1%eth0", "a link-local address"],
  ["fd00::1", "a private address"],
  ["ff02::1", "a multicast address"],
  ["::ffff:127.0.0.1", "a loopback address"],
  ["::ffff:7f00:1", "a loopback address"],
  ["::ffff:a9fe:a9fe", "a link-local address"],
  ["::127.0.0.1", "a reserved address"],
  ["::ffff:0:127.0.0.1", "a loopback address"],
  ["64:ff9b::10.0.0.1", "a private address"],
  ["64:ff9b:1::1", "a reserved address"],
  ["2002:7f00:1::", "a loopback address"],
  ["2002:c0a8:101::1", "a private address"],
  ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "a reserved address"],
  ["2001:db8::1", "an address for documentation"],
  ["localhost", "no address"],
])("%s is %s", (address, why) => expect(whyNotPublic(address)).toBe(why));

test.each([
  "8.8.8.8",
  "1.1.1.1",
  "172.32.0.1",
  "172.15.255.255",
  "100.128.0.1",
  "2001:4860:4860::8888",
  "2606:4700::1111",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
  "2002:808:808::1",
])("%s is public", (address) => expect(whyNotPublic(address)).toBeUndefined());

const python = spawnSync("python3", ["-c", "import ipaddress"]).status === 0;
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!python) console.log("skipped: there is no python3");

describe.skipIf(!python)("beside Python's ipaddress", () => {
  test("no address of 20,000 is public that Python knows as private, reserved, loopback, link-local or multicast", () => {
    const program = `
import ipaddress, random
random.seed(${Date.now() % 100_000})
def public(a):
    a = getattr(a, "ipv4_mapped", None) or a
    return a.is_global and not a.is_multicast and not a.is_reserved
def draw():
    if random.random() < 0.5:
        return ipaddress.IPv4Address(random.getrandbits(32))
    first = random.choice([0, 0, 0xffff << 32, 0xfe80 << 112, 0xfc00 << 112, 0xff00 << 112, 0x2001 << 112, 0x2600 << 112, random.getrandbits(128)])
    return ipaddress.IPv6Address(first | random.getrandbits(random.choice([1, 32, 64, 112])))
for _ in range(20000):
    a = draw()
    print(a, public(a))
`;
    const lines = execFileSync("python3", ["-c", program], { encoding: "utf8" }).trim().split("\n");
    const wrong = lines.filter((line) => {
      const [address = "", isPublic] = line.split(" ");
      return isPublic === "False" && whyNotPublic(address) === undefined;
    });
    expect(wrong).toEqual([]);
    // And it is no refusal of everything.
    const open = lines.filter((line) => /^\d+\.\d/.test(line) && line.endsWith("True"));
    const refused = open.filter((line) => whyNotPublic(line.split(" ")[0] as string) !== undefined);
    expect(refused).toEqual([]);
  });
});
