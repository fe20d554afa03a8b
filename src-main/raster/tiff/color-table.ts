import { photometric } from "./tags.ts";

/**
 * The colours of a palette image by id, from the TIFF ColorMap: all reds, then all greens, then all blues.
 *
 * Values are 16 bits wide; files whose values all fit in 8 were written by programs that didn't know.
 */
export function colorTableFromMap(colorMap: Float64Array): Record<string, string> {
  const count = Math.floor(colorMap.length / 3);
  const wide = colorMap.some((value) => value > 255);
  const table: Record<string, string> = {};
  for (let id = 0; id < count; id += 1) {
    const channels = [colorMap[id] ?? 0, colorMap[count + id] ?? 0, colorMap[2 * count + id] ?? 0];
    table[String(id)] = hexColor(channels.map((value) => (wide ? value >> 8 : value)));
  }
  return table;
}

/** The greys that bitmaps and "min is white" images stand for, since their samples are read as stored. */
export function impliedColorTable(
  photometricCode: number,
  bitsPerSample: number,
): Record<string, string> | null {
  if (bitsPerSample > 8 || (photometricCode !== photometric.minIsWhite && bitsPerSample !== 1)) {
    return null;
  }
  if (photometricCode !== photometric.minIsWhite && photometricCode !== photometric.minIsBlack) {
    return null;
  }
  const highest = 2 ** bitsPerSample - 1;
  const table: Record<string, string> = {};
  for (let id = 0; id <= highest; id += 1) {
    const grey = Math.round(
      (255 * (photometricCode === photometric.minIsWhite ? highest - id : id)) / highest,
    );
    table[String(id)] = hexColor([grey, grey, grey]);
  }
  return table;
}

/** The 16-bit ColorMap of a colour table, `2 ** 8` entries a channel. */
export function colorMapFromTable(table: Readonly<Record<string, string>>): Uint16Array {
  const map = new Uint16Array(3 * 256);
  for (const [id, color] of Object.entries(table)) {
    const index = Number(id);
    if (Number.isInteger(index) && index >= 0 && index < 256) {
      for (let channel = 0; channel < 3; channel += 1) {
        // 257 = 65535 / 255, so that readers of either byte agree.
        map[channel * 256 + index] = Number.parseInt(color.slice(1 + channel * 2, 3 + channel * 2), 16) * 257;
      }
    }
  }
  return map;
}

function hexColor(channels: readonly number[]): string {
  return `#${channels.map((value) => Math.max(0, Math.min(255, value)).toString(16).padStart(2, "0")).join("")}`;
}
