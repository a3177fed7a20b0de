import { isIPv4 } from 'node:net';

/** IPv4 arithmetic, enough for a plan of networks; IPv6 would be a decision of its own. */

export const isAddress = isIPv4;

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The addresses of a CIDR; undefined when it is none or has host bits set. */
export const rangeOf = (cidr: string): Range | undefined => {
  const [address = '', bits = ''] = cidr.split('/');
  const length = Number(bits);
  if (!isAddress(address) || !/^\d{1,2}$/.test(bits) || length > 32) {
    return undefined;
  }
  const size = 2 ** (32 - length);
  const first = numberOf(address);
  return first % size === 0 ? { first, last: first + size - 1 } : undefined;
};

/** The addresses from one to another, both included. */
export const spanOf = (start: string, stop: string): Range | undefined =>
  isAddress(start) && isAddress(stop) && numberOf(start) <= numberOf(stop)
    ? { first: numberOf(start), last: numberOf(stop) }
    : undefined;

export const overlap = (left: Range, right: Range): boolean =>
  left.first <= right.last && right.first <= left.last;

export const holds = (range: Range | undefined, address: string): boolean =>
  range !== undefined &&
  isAddress(address) &&
  numberOf(address) >= range.first &&
  numberOf(address) <= range.last;
