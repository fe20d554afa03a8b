import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { rootDirectory } from "../setup/places.mjs";
import { nodeEntries } from "./entries.mjs";

const folders = [...nodeEntries.map((entry) => path.dirname(entry.output)), "desktop"];

/** Every module that a built file asks for, wherever in it. */
function requested(source) {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)["']([^"']+)["']/g;
  return [...source.matchAll(pattern)].map((match) => match[1]);
}

// A bundler that shares chunks between entries once made Electron start the HTTP server.
describe.skipIf(!existsSync(path.join(rootDirectory, "out/.built")))("build outputs", () => {
  test.each(folders)("out/%s asks for no file of another process", (folder) => {
    const directory = path.join(rootDirectory, "out", folder);
    const scripts = readdirSync(directory).filter((name) => /\.[mc]js$/.test(name));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      const source = readFileSync(path.join(directory, script), "utf8");
      for (const module of requested(source).filter((name) => name.startsWith("."))) {
        expect(path.dirname(path.join(folder, module)), `${folder}/${script} asks for ${module}`).toBe(
          folder,
        );
      }
    }
  });
});
