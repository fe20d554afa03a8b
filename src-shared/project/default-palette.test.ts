import { expect, it } from "vitest";
import { hexColorSchema } from "./land-class.ts";
import { defaultColor, defaultPalette } from "./default-palette.ts";

type Triple = readonly [number, number, number];

/** Full dichromacy in linear RGB: Machado, Oliveira and Fernandes 2009, table 1, severity 1.0. */
const dichromacies: Readonly<Record<string, readonly Triple[]>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(color: string): Triple {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const value = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
}

function apply(matrix: readonly Triple[], [red, green, blue]: Triple): Triple {
  const [x = 0, y = 0, z = 0] = matrix.map(([a, b, c]) =>
    Math.min(1, Math.max(0, a * red + b * green + c * blue)),
  );
  return [x, y, z];
}

/** CIE 1976 L*a*b*, D65. */
function lab([red, green, blue]: Triple): Triple {
  const x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505;
  const y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089;
  const root = (value: number): number => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  return [116 * root(y) - 16, 500 * (root(x) - root(y)), 200 * (root(y) - root(z))];
}

function distance(first: Triple, second: Triple): number {
  return Math.hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2]);
}

it.each(Object.entries(dichromacies))("keeps the first seven colours apart with %s", (_, matrix) => {
  const seen = defaultPalette.slice(0, 7).map((color) => lab(apply(matrix, linear(color))));
  for (const [index, color] of seen.entries()) {
    for (const other of seen.slice(index + 1)) {
      // 2.3 is a just noticeable difference.
      expect(distance(color, other)).toBeGreaterThan(4 * 2.3);
    }
  }
});

it("has a colour of its own for each of 32 classes, and a valid one for any number", () => {
  const colors = Array.from({ length: 32 }, (_, index) => defaultColor(index));
  expect(new Set(colors).size).toBe(32);
  for (let index = 0; index < 255; index++) {
    hexColorSchema.parse(defaultColor(index));
  }
});
