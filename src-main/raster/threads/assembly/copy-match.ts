// AssemblyScript. Copies of earlier output, which may reach into what they write themselves.

/** For distances up to 15: which of the bytes before goes into each of sixteen. */
const repeats: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);
/** For distances up to 15: how far sixteen such bytes reach until they begin anew. */
const steps: usize = memory.data<u8>([
  16, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15,
]);

/** Copies `length` bytes from `distance` before `output` to it; up to 15 bytes behind them get anything. */
// @ts-ignore: decorators are AssemblyScript's
@inline
export function copyMatch(output: usize, distance: usize, length: u32): void {
  let source = output - distance;
  let target = output;
  const end = output + length;
  if (distance >= 16) {
    do {
      v128.store(target, v128.load(source));
      target += 16;
      source += 16;
    } while (target < end);
    return;
  }
  const pattern = i8x16.swizzle(v128.load(source), v128.load(repeats + (distance << 4)));
  const step = <usize>load<u8>(steps + distance);
  do {
    v128.store(target, pattern);
    target += step;
  } while (target < end);
}
