/** Random numbers that depend on nothing but what they were seeded with. */
export interface SeededRandom {
  /** Uniform in [0, 1), 32 bits of it. */
  next(): number;
  /** A whole number from 0 to `end - 1`. */
  integer(end: number): number;
  /** The same items in another order; the list given is left alone. */
  shuffled<T>(items: readonly T[]): T[];
}

/**
 * A generator for one purpose: `purpose` (an epoch, a tile, a name) keeps two uses of one seed apart, so that drawing more
 * in one place changes nothing in another. sfc32 by Chris Doty-Humphrey (PractRand), seeded by FNV-1a of the purpose.
 */
export function seededRandom(seed: number, ...purpose: readonly (string | number)[]): SeededRandom {
  let a = seed >>> 0;
  let b = fnv1a(purpose.join("\u0000"));
  let c = 0x9e3779b9;
  let counter = 1;

  function bits(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  }
  // Its author's number of rounds until the seed's bits are everywhere.
  for (let round = 0; round < 12; round++) {
    bits();
  }

  const random: SeededRandom = {
    next: () => bits() / 2 ** 32,
    integer: (end) => Math.floor((bits() / 2 ** 32) * end),
    shuffled: <T>(items: readonly T[]): T[] => {
      const result = [...items];
      for (let last = result.length - 1; last > 0; last--) {
        const other = random.integer(last + 1);
        const kept = result[last] as T;
        result[last] = result[other] as T;
        result[other] = kept;
      }
      return result;
    },
  };
  return random;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
