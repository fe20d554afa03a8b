/** A call of the runtime's own search costs as much as looking at about so many pixels. */
const NEAR = 24;

/** The first position from `from` that has a value, before `end`; `end` without one. */
export function findValue(values: Uint8Array, value: number, from: number, end: number): number {
  const near = Math.min(end, from + NEAR);
  for (let position = from; position < near; position++) {
    if (values[position] === value) {
      return position;
    }
  }
  if (near >= end) {
    return end;
  }
  const found = values.subarray(near, end).indexOf(value);
  return found < 0 ? end : near + found;
}

/** The last position before `from` that has a value, not before `start`; `start` - 1 without one. */
export function findValueBefore(values: Uint8Array, value: number, from: number, start: number): number {
  const near = Math.max(start, from - NEAR);
  for (let position = from - 1; position >= near; position--) {
    if (values[position] === value) {
      return position;
    }
  }
  return near <= start ? start - 1 : start + values.subarray(start, near).lastIndexOf(value);
}
