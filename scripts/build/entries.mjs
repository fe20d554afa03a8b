// What is built, one build per process: several entries in one build share chunks, and then starting one
// process runs code of another. Those that have texts take them from a catalogue (scripts/strings).
export const nodeEntries = [
  { name: "host", source: "src-main/host/main.ts", output: "host/host.mjs", hasTexts: true },
  { name: "engine", source: "src-main/engine/main.ts", output: "engine/engine.mjs", hasTexts: true },
  { name: "server", source: "src-main/server/main.ts", output: "server/server.mjs", hasTexts: true },
  { name: "cli", source: "src-main/cli/main.ts", output: "cli/cli.mjs", hasTexts: true },
  // Threads of whichever process reads rasters; tests and benchmarks run this very file too.
  {
    name: "raster-threads",
    source: "src-main/raster/threads/decode-thread.ts",
    output: "raster-threads/decode-thread.mjs",
    hasTexts: false,
  },
];

/** Every file below `out/` that something else starts or opens by its name. */
export const namedOutputs = [
  ...nodeEntries.map((entry) => entry.output),
  "raster-threads/decoders.wasm",
  "desktop/main.cjs",
  "desktop/preload.cjs",
  "page/index.html",
  "page/third-party.json",
];
