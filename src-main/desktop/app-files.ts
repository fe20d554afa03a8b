import path from "node:path";

/** Where the built parts lie, seen from the main process's script. */
export interface AppFiles {
  readonly preload: string;
  readonly pageDirectory: string;
  readonly hostScript: string;
  readonly engineScript: string;
}

/** The parts beside `desktopDirectory` (`out/desktop`). Scripts for a Node that knows no asar lie unpacked beside it. */
export function appFiles(desktopDirectory: string): AppFiles {
  const out = path.dirname(desktopDirectory);
  const unpacked = out.replace(/\.asar(?=[\\/]|$)/, ".asar.unpacked");
  return {
    preload: path.join(desktopDirectory, "preload.cjs"),
    pageDirectory: path.join(out, "page"),
    hostScript: path.join(unpacked, "host/host.mjs"),
    engineScript: path.join(unpacked, "engine/engine.mjs"),
  };
}
