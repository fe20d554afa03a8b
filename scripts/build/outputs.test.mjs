import { existsSync, readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { rootDirectory } from "../setup/places.mjs";
import { namedOutputs, nodeEntries } from "./entries.mjs";

const folders = [...nodeEntries.map((entry) => path.dirname(entry.output)), "desktop"];

/** Every module that a built file asks for, wherever in it. */
function requested(source) {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)["']([\w@./:#-]+)["']/g;
  return [...source.matchAll(pattern)].map((match) => match[1]);
}

// A bundler that shares chunks between entries once made Electron start the HTTP server.
describe.skipIf(!existsSync(path.join(rootDirectory, "out/.built")))("build outputs", () => {
  test.each(namedOutputs)("out/%s is there", (output) => {
    expect(existsSync(path.join(rootDirectory, "out", output))).toBe(true);
  });

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

  test("preload stands alone, because a sandboxed one can require nothing but electron", () => {
    const source = readFileSync(path.join(rootDirectory, "out/desktop/preload.cjs"), "utf8");
    expect(requested(source).filter((name) => name !== "electron")).toEqual([]);
  });

  test("the page asks for nothing that is not beside it", () => {
    const page = readFileSync(path.join(rootDirectory, "out/page/index.html"), "utf8");
    expect(page).not.toMatch(/(?:src|href)="(?:https?:|\/)/);
  });

  test.each(["desktop/main.cjs", "desktop/preload.cjs"])("out/%s asks for no npm package", (output) => {
    const source = readFileSync(path.join(rootDirectory, "out", output), "utf8");
    const packages = requested(source).filter((name) => !name.startsWith(".") && name !== "electron");
    expect(packages.filter((name) => !isBuiltin(name))).toEqual([]);
  });
});
