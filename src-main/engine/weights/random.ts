/** A generator of 32-bit numbers that gives the same sequence on every machine (sfc32, Chris Doty-Humphrey's PractRand). */
export function randomSource(seed: number, stream: string): () => number {
  let a = hash(stream, 0x9e3779b9);
  let b = hash(stream, 0x243f6a88);
  let c = seed | 0;
  let counter = 1;
  function next(): number {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  }
  for (let round = 0; round < 15; round += 1) {
    next();
  }
  return next;
}

/** FNV-1a of a text, so that each name has a stream of its own. */
function hash(text: string, start: number): number {
  let value = start;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return value;
}
