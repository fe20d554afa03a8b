import type VectorLayer from "ol/layer/Vector.js";

/**
 * Has frames taken in which a layer of vectors draws nothing. Chromium goes on showing the last ones after a frame that only cleared the
 * canvas; a trace of ink makes it take the frame. (OpenLayers clears the canvas before this event.)
 */
export function keepTakingFrames(layer: VectorLayer): void {
  layer.on("prerender", ({ context }) => {
    if (context !== undefined && "fillRect" in context) {
      context.fillStyle = "rgba(0, 0, 0, 0.004)";
      context.fillRect(0, 0, 1, 1);
    }
  });
}
