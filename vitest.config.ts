import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src-shared,src-main,src-renderer,scripts,fixtures,bench,chaos}/**/*.test.{ts,mjs}"],
    environment: "node",
    globalSetup: "scripts/build/raster-threads.mjs",
    // The TensorFlow binding can be loaded once a process, and not in two worker threads: tests run in processes.
    pool: "forks",
    // One more than the cores of the smallest machine: a test that waits for a program of its own leaves its core to another (444 s became 366 s on two).
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env["CI"] === undefined ? ["default"] : ["dot"],
  },
});
