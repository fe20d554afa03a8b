import { Noise, random } from "./noise.ts";

/** A bend of a line: amplitude and wave length in metres, phase in radians. */
type Wave = readonly [amplitude: number, waveLength: number, phase: number];

/** A wood's middle and reach in metres. */
interface Wood {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** Metres from one mosaic to the next: near, but not touching, as sheets of real orthophotos sometimes are. */
export const GAP_METERS = 16;

/**
 * Where everything lies in the drawn country, in metres: x to the east, y to the south, the first mosaic's upper left corner at 0, 0. It is one
 * country for all mosaics: river and roads go on from one to the next.
 *
 * Places scale with the side of a mosaic, so that each has all classes; sizes (a house, a lane) don't.
 */
export class Landscape {
  readonly seed: number;
  readonly sideMeters: number;
  readonly mosaics: number;
  readonly noise: Noise;
  readonly riverHalfWidth: number;
  readonly mainRoadHalfWidth = 3.4;
  readonly sideRoadHalfWidth = 2.5;
  readonly #river: readonly Wave[];
  readonly #mainRoad: readonly Wave[];
  readonly #sideRoads: readonly { readonly x: number; readonly wave: Wave }[];
  readonly #woods: readonly Wood[];

  constructor({
    seed,
    sideMeters,
    mosaics,
  }: {
    readonly seed: number;
    readonly sideMeters: number;
    readonly mosaics: number;
  }) {
    this.seed = seed;
    this.sideMeters = sideMeters;
    this.mosaics = mosaics;
    this.noise = new Noise(seed);
    const side = sideMeters;
    const phase = (index: number): number => random(index, 77, seed) * 2 * Math.PI;
    this.riverHalfWidth = 9.5 * Math.sqrt(side / 512);
    this.#river = [
      [0.052 * side, 0.66 * side, phase(1)],
      [0.024 * side, 0.31 * side, phase(2)],
      [0.007 * side, 0.12 * side, phase(3)],
    ];
    this.#mainRoad = [
      [0.03 * side, 1.37 * side, phase(4)],
      [0.011 * side, 0.53 * side, phase(5)],
    ];
    const origins = Array.from({ length: mosaics }, (_, index) => this.mosaicLeft(index));
    this.#sideRoads = origins.map((left, index) => ({
      x: left + side * (0.44 + 0.16 * random(index, 1, seed)),
      wave: [0.028 * side, 0.95 * side, phase(10 + index)],
    }));
    this.#woods = origins.flatMap((left, index) =>
      (
        [
          [0.1, 0.1, 0.24],
          [0.93, 0.14, 0.2],
          [0.16, 0.62, 0.11],
          [0.8, 0.97, 0.2],
          [0.3, 1.0, 0.12],
        ] as const
      ).map(([x, y, radius], wood): Wood => {
        const shift = (axis: number): number => (random(index * 8 + wood, axis, seed) - 0.5) * 0.12;
        return {
          x: left + side * (x + shift(1)),
          y: side * (y + shift(2)),
          radius: side * radius * (0.85 + 0.35 * random(index * 8 + wood, 3, seed)),
        };
      }),
    );
  }

  /** Where a mosaic begins in the west. */
  mosaicLeft(index: number): number {
    return index * (this.sideMeters + GAP_METERS);
  }

  riverY(x: number): number {
    return 0.795 * this.sideMeters + bend(this.#river, x);
  }

  riverSlope(x: number): number {
    return bendSlope(this.#river, x);
  }

  /** How sharply the river turns, −1 to 1; positive where the inner bank is the southern one. */
  riverTurn(x: number): number {
    let turn = 0;
    for (const [amplitude, length, phase] of this.#river) {
      const rate = (2 * Math.PI) / length;
      turn -= amplitude * rate * rate * Math.sin(x * rate + phase);
    }
    return Math.max(-1, Math.min(1, turn * 0.045 * this.sideMeters));
  }

  mainRoadY(x: number): number {
    return 0.405 * this.sideMeters + bend(this.#mainRoad, x);
  }

  mainRoadSlope(x: number): number {
    return bendSlope(this.#mainRoad, x);
  }

  /** Signed distance to the main road's middle, positive to the south. */
  mainRoadDistance(x: number, y: number): number {
    const slope = this.mainRoadSlope(x);
    return (y - this.mainRoadY(x)) / Math.sqrt(1 + slope * slope);
  }

  sideRoadX(index: number, y: number): number {
    const road = this.#sideRoads[index];
    return road === undefined ? Number.POSITIVE_INFINITY : road.x + bend([road.wave], y);
  }

  sideRoadSlope(index: number, y: number): number {
    const road = this.#sideRoads[index];
    return road === undefined ? 0 : bendSlope([road.wave], y);
  }

  /** Distance to the middle of the nearest side road. Unsigned: a sign would jump half-way between two roads. */
  sideRoadDistance(x: number, y: number): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#sideRoads.length; index++) {
      nearest = Math.min(nearest, Math.abs(x - this.sideRoadX(index, y)));
    }
    return nearest;
  }

  /** Distance to the river's middle, signed: positive to the south; exact to a tenth of a metre near the river. */
  riverDistance(x: number, y: number): number {
    let nearestX = x;
    for (let step = 0; step < 2; step++) {
      const slope = this.riverSlope(nearestX);
      const across = y - this.riverY(nearestX);
      nearestX += (x - nearestX + across * slope) / (1 + slope * slope);
    }
    const offsetY = y - this.riverY(nearestX);
    return Math.hypot(x - nearestX, offsetY) * (offsetY < 0 ? -1 : 1);
  }

  /** Positive inside a wood, larger further in; its edge is ragged. */
  wood(x: number, y: number): number {
    let depth = -1;
    for (const { x: middleX, y: middleY, radius } of this.#woods) {
      if (Math.abs(x - middleX) < 2 * radius && Math.abs(y - middleY) < 2 * radius) {
        depth = Math.max(depth, 1 - Math.hypot(x - middleX, y - middleY) / radius);
      }
    }
    return depth <= -0.6
      ? -1
      : depth + 0.34 * this.noise.at(x / 47, y / 47) + 0.13 * this.noise.at(x / 13, y / 13);
  }

  /** How much a place belongs to a village, 0 to 1: along the main road in the middle of each mosaic. */
  village(x: number, mainRoadDistance: number, sideRoadDistance: number): number {
    const across = 1 - (Math.abs(mainRoadDistance) + 5 * this.noise.at(x / 11, 8.2)) / 52;
    const nearSideRoad = Math.abs(mainRoadDistance) < 0.17 * this.sideMeters ? 1 - sideRoadDistance / 44 : 0;
    const period = this.sideMeters + GAP_METERS;
    const place = (((x % period) + period) % period) / this.sideMeters;
    const along = Math.min(1, Math.max(0, (0.33 - Math.abs(place - 0.48)) / 0.02));
    return Math.max(0, Math.min(1, Math.max(across, nearSideRoad) * 8)) * along;
  }
}

function bend(waves: readonly Wave[], position: number): number {
  let offset = 0;
  for (const [amplitude, length, phase] of waves) {
    offset += amplitude * Math.sin((2 * Math.PI * position) / length + phase);
  }
  return offset;
}

function bendSlope(waves: readonly Wave[], position: number): number {
  let slope = 0;
  for (const [amplitude, length, phase] of waves) {
    const rate = (2 * Math.PI) / length;
    slope += amplitude * rate * Math.cos(position * rate + phase);
  }
  return slope;
}
