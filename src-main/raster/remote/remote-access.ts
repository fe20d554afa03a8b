import { lookup as resolveName, type LookupAddress, type LookupOptions } from "node:dns";
import { BlockList, isIP } from "node:net";

/**
 * Which servers may be asked: none, those on the public internet, or any. A host that serves others asks public ones at most, so that
 * nobody reaches through it what only this machine can reach.
 */
export type RemoteAccess = "none" | "public" | "any";

/** Networks that are not the public internet (IANA's special-purpose registries, RFC 6890). */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  notPublic.addSubnet(network, prefix, "ipv4");
}
/** Of IPv6 only what is handed out as public; of it not what stands for an IPv4 address (6to4, Teredo) or for examples. */
const publicIpv6 = new BlockList();
publicIpv6.addSubnet("2000::", 3, "ipv6");
const notPublicIpv6 = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  notPublicIpv6.addSubnet(network, prefix, "ipv6");
}

/** Whether an IP address belongs to the public internet: not loopback, private, link-local or otherwise special. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, "ipv4");
    case 6:
      return publicIpv6.check(address, "ipv6") && !notPublicIpv6.check(address, "ipv6");
    default:
      return false;
  }
}

/** Says of an IP address whether it may be connected to. */
export type AddressRule = (address: string) => boolean;

function everyAddress(): boolean {
  return true;
}

/** The rule for addresses that a way of access comes to. */
export function addressRule(access: RemoteAccess): AddressRule {
  switch (access) {
    case "none":
      return () => false;
    case "public":
      return isPublicAddress;
    case "any":
      return everyAddress;
  }
}

/** A server that may not be asked. */
export class RefusedAddress extends Error {
  override readonly name = "RefusedAddress";

  constructor(host: string, address: string) {
    super(
      `${host === address ? host : `${host} (${address})`} is on a private network or this machine, which is not asked from here (orthomask serve --allow-remote-private allows it)`,
    );
  }
}

/** Throws `RefusedAddress` for an address that is written out and may not be asked; names are checked by `guardedLookup`. */
export function checkHost(url: URL, mayAsk: AddressRule): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !mayAsk(host)) {
    throw new RefusedAddress(host, host);
  }
}

type Answered = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/**
 * Resolves a name for the connection that is about to be made, and fails where any of its addresses may not be asked. The connection goes
 * to what was checked: a name that answers differently the second time gains nothing.
 */
export function guardedLookup(
  mayAsk: AddressRule,
): (host: string, options: LookupOptions, answered: Answered) => void {
  return (host, options, answered) => {
    resolveName(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        answered(error, []);
        return;
      }
      const refused = addresses.find(({ address }) => !mayAsk(address));
      const [first] = addresses;
      if (first === undefined) {
        answered(new Error(`${host} has no address`), []);
      } else if (refused !== undefined) {
        answered(new RefusedAddress(host, refused.address), []);
      } else if (options.all === true) {
        answered(null, addresses);
      } else {
        answered(null, first.address, first.family);
      }
    });
  };
}
