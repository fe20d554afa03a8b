import type { SampleArray } from "../typed-pixels.ts";

/** Turns CMYK into RGB and full opacity in place, by libtiff's arithmetic (tif_getimage.c). */
export function inkToRgb(samples: SampleArray): void {
  for (let at = 0; at < samples.length; at += 4) {
    const light = 255 - (samples[at + 3] as number);
    for (let ink = 0; ink < 3; ink += 1) {
      samples[at + ink] = Math.floor((light * (255 - (samples[at + ink] as number))) / 255);
    }
    samples[at + 3] = 255;
  }
}
