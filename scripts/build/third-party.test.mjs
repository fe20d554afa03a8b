import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { rootDirectory } from "../setup/places.mjs";
import { shippedPackages, unneededPackages } from "./third-party.mjs";

const list = path.join(rootDirectory, "out/page/third-party.json");
const entries = ["cli/cli.mjs", "engine/engine.mjs", "host/host.mjs", "server/server.mjs"];

test("what the built processes ask for is shipped, and the packages of tfjs-node are not", () => {
  const shipped = new Set(shippedPackages());
  const { dependencies } = createRequire(import.meta.url)("../../package.json");
  for (const name of Object.keys(dependencies)) {
    expect(shipped.has(`node_modules/${name}`), name).toBe(true);
  }
  const unneeded = unneededPackages();
  expect(unneeded).toContain("node_modules/@tensorflow/tfjs");
  expect(unneeded.filter((key) => shipped.has(key))).toEqual([]);
});

describe.skipIf(!existsSync(list))("the list of licences", () => {
  const { parts } = existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : { parts: [] };
  const names = new Set(parts.map(({ name }) => name));

  test("names every package that a built process loads, and the parts that are no packages", () => {
    for (const entry of entries) {
      const source = readFileSync(path.join(rootDirectory, "out", entry), "utf8");
      const asked = [...source.matchAll(/^import\b[^;"]*"((?:@[\w-]+\/)?[\w-][\w.-]*)/gm)].map(
        (match) => match[1],
      );
      for (const name of asked.filter((each) => each !== "node")) {
        expect(names.has(name), `${entry} asks for ${name}`).toBe(true);
      }
    }
    for (const name of ["TensorFlow", "Electron, Chromium and Node.js", "svelte", "ol", "uplot", "zod"]) {
      expect(names.has(name), name).toBe(true);
    }
  });

  test("has a licence and its words for each", () => {
    expect(parts.length).toBeGreaterThan(15);
    for (const { name, license, text } of parts) {
      expect(license, name).not.toBe("");
      expect(text.length, name).toBeGreaterThan(20);
    }
  });
});
