import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src-shared,src-main,src-renderer,scripts,fixtures,bench}/**/*.test.{ts,mjs}"],
    environment: "node",
    globalSetup: "scripts/build/raster-threads.mjs",
    // The TensorFlow binding can be loaded once a process, and not in two worker threads: tests run in processes.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env["CI"] === undefined ? ["default"] : ["dot"],
  },
});
