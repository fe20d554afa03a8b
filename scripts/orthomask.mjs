#!/usr/bin/env node
// The `orthomask` program of a checkout: runs the built command line.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const built = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../out/cli/cli.mjs");
if (existsSync(built)) {
  await import(pathToFileURL(built).href);
} else {
  process.stderr.write("orthomask is not built yet: run `npm start` or `npm test` once in this folder.\n");
  process.exit(1);
}
