import { superpixels, type SuperpixelRequest } from "#shared/labels/superpixels.ts";

// Half a second of arithmetic that must not hold up the map.
self.onmessage = ({ data }: MessageEvent<SuperpixelRequest>) => {
  const made = superpixels(data);
  self.postMessage(made, { transfer: [made.regions.buffer] });
};
