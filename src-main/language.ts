/// <reference types="vite/types/importMeta.d.ts" />
import toRuntime from "wuchale/runtime";
import type { CatalogModule, Runtime } from "wuchale/runtime";

/** The names of the Node processes' catalogues: their own, and that of what runs in the page too. */
type CatalogueName = "host" | "shared";

// Compiled by the build from locales/: NAME.NAME.LANGUAGE.compiled.js. Only what is needed is loaded.
const catalogues = import.meta.glob<CatalogModule>("../out/strings/node/.wuchale/*.compiled.js");

function fileOf(name: CatalogueName, language: string): string {
  return `../out/strings/node/.wuchale/${name}.${name}.${language}.compiled.js`;
}

async function load(name: CatalogueName, language: string): Promise<Runtime> {
  return toRuntime(await catalogues[fileOf(name, language)]?.(), language);
}

// One language a process: what it says goes to its own user, to files and to a terminal. Children inherit it.
const asked = process.env["ORTHOMASK_LANGUAGE"] ?? "en";
const language = fileOf("host", asked) in catalogues ? asked : "en";
const runtimes: Record<CatalogueName, Runtime> = {
  host: await load("host", language),
  shared: await load("shared", language),
};

/** The texts of a catalogue in this process' language: built modules have calls of it where their sources have text. */
export function runtimeOf(name: CatalogueName): Runtime {
  return runtimes[name];
}
