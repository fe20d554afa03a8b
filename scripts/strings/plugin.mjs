// Wuchale's own Vite plugin looks for its settings in the working directory and writes catalogues while it serves; this one has them from
// here, and only builds: in development the sources' texts are shown as they are.
import { Hub } from "wuchale";
import { rootDirectory } from "../setup/places.mjs";
import { sides, stringsConfig } from "./config.mjs";

/**
 * Puts calls of a side's catalogues in place of texts; they must have been taken out before (extract.mjs).
 * @param {keyof typeof sides} side
 * @returns {import("vite").Plugin}
 */
export function translated(side) {
  let hub = null;
  return {
    name: "orthomask-strings",
    apply: "build",
    async buildStart() {
      hub = await Hub.create("build", () => stringsConfig(sides[side]), rootDirectory);
    },
    transform: {
      order: "pre",
      async handler(code, id) {
        // Workers and parts of components, which have a query, have no texts of their own.
        const [output] = id.includes("?") ? [null] : await hub.transform(code, id);
        return output?.code === undefined ? null : output;
      },
    },
  };
}
