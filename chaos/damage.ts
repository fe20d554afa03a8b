import { readFileSync, writeFileSync } from "node:fs";
import type { SeededRandom } from "#shared/training/seeded-random.ts";

/** Cuts a file short, blanks it from some place on, or flips bits at some place; never leaves it as it was. */
export function damage(filePath: string, random: SeededRandom): void {
  const bytes = readFileSync(filePath);
  const at = random.integer(bytes.length - 2);
  switch (random.integer(3)) {
    case 0:
      writeFileSync(filePath, bytes.subarray(0, at));
      return;
    case 1:
      // The end too, where there are zeros already.
      writeFileSync(filePath, Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at, 0xa5)]));
      return;
    default:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
      writeFileSync(filePath, bytes);
  }
}
