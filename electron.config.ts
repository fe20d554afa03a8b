import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "electron-vite";
import { translated } from "./scripts/strings/plugin.mjs";

/**
 * The desktop shell, its preload and the page. The other processes have builds of their own (scripts/build), because
 * entries of one build share chunks. Targets are set by hand: left alone they come from the installed Electron,
 * but the shell and the page must also run on Electron 22 (Node 16.17, Chromium 108), the newest that tests can get here.
 */
export default defineConfig({
  main: {
    build: {
      target: "node16.17",
      outDir: "out/desktop",
      emptyOutDir: false,
      sourcemap: true,
      externalizeDeps: false,
      rolldownOptions: {
        input: { main: "src-main/desktop/main.ts" },
        output: { format: "cjs", entryFileNames: "[name].cjs", chunkFileNames: "main-[name]-[hash].cjs" },
      },
    },
  },
  preload: {
    build: {
      target: "node16.17",
      outDir: "out/desktop",
      emptyOutDir: false,
      sourcemap: true,
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: "src-main/desktop/preload.ts" },
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: {
    root: "src-renderer",
    base: "./",
    plugins: [translated("page"), svelte({ configFile: false })],
    build: {
      target: "chrome108",
      outDir: "out/page",
      emptyOutDir: true,
      sourcemap: true,
      minify: true,
      // OpenLayers and the app in one file: it is read from the disk, not from a network.
      chunkSizeWarningLimit: 2000,
      rolldownOptions: {
        input: { index: "src-renderer/index.html" },
        checks: { bundlerTimings: false },
      },
    },
  },
});
