// AssemblyScript. Horizontal differencing of bytes (TIFF 6.0, section 14), undone in place, sixteen bytes at a time.
//
// A running sum of a vector is made by adding it to itself moved by one pixel, then two, then four; the last pixel of the vector before
// is added to all. Moving is a shuffle with a vector of zeros whose places are consecutive, since machines have one instruction for that.

/** Undoes rows of `rowBytes` with 1, 3 or 4 bands; 16 bytes behind the rows are read, never changed for good. */
export function undoDifferences(at: usize, rowBytes: i32, rows: i32, bands: i32): void {
  for (let row = 0; row < rows; row++) {
    const start = at + row * rowBytes;
    const end = start + rowBytes;
    let done: usize;
    if (bands == 1) {
      done = oneBand(start, end);
    } else if (bands == 3) {
      done = threeBands(start, end);
    } else {
      done = fourBands(start, end);
    }
    for (let place = done > start ? done : start + bands; place < end; place++) {
      store<u8>(place, load<u8>(place) + load<u8>(place - bands));
    }
  }
}

function oneBand(start: usize, end: usize): usize {
  const zero = i8x16.splat(0);
  let last = zero;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    let sum = v128.load(at);
    sum = i8x16.add(
      sum,
      v128.shuffle<i8>(zero, sum, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
    );
    sum = i8x16.add(
      sum,
      v128.shuffle<i8>(zero, sum, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
    );
    sum = i8x16.add(
      sum,
      v128.shuffle<i8>(zero, sum, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27),
    );
    sum = i8x16.add(sum, v128.shuffle<i8>(zero, sum, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23));
    sum = i8x16.add(sum, last);
    v128.store(at, sum);
    last = i8x16.splat(i8x16.extract_lane_u(sum, 15));
  }
  return at;
}

function threeBands(start: usize, end: usize): usize {
  const zero = i8x16.splat(0);
  let last = zero;
  let at = start;
  let next = v128.load(at);
  // Five pixels are fifteen bytes: the sixteenth belongs to the next vector, which is therefore loaded before it is overwritten.
  for (; at + 16 <= end; at += 15) {
    let sum = next;
    next = v128.load(at + 15);
    sum = i8x16.add(
      sum,
      v128.shuffle<i8>(zero, sum, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
    );
    sum = i8x16.add(
      sum,
      v128.shuffle<i8>(zero, sum, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25),
    );
    sum = i8x16.add(sum, v128.shuffle<i8>(zero, sum, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19));
    sum = i8x16.add(sum, last);
    v128.store(at, sum);
    store<u8>(at + 15, <u8>i8x16.extract_lane_u(next, 0));
    last = v128.shuffle<i8>(sum, sum, 12, 13, 14, 12, 13, 14, 12, 13, 14, 12, 13, 14, 12, 13, 14, 12);
  }
  return at;
}

function fourBands(start: usize, end: usize): usize {
  const zero = i8x16.splat(0);
  let last = zero;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    let sum = v128.load(at);
    sum = i8x16.add(
      sum,
      v128.shuffle<i8>(zero, sum, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27),
    );
    sum = i8x16.add(sum, v128.shuffle<i8>(zero, sum, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23));
    sum = i8x16.add(sum, last);
    v128.store(at, sum);
    last = v128.shuffle<i8>(sum, sum, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
  }
  return at;
}
