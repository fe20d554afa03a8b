// What wuchale reads and where it writes: a catalogue for the page, one for the host's side, one for what runs in both.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { adapter } from "@wuchale/svelte";
import { pofile } from "wuchale";
import { rootDirectory } from "../setup/places.mjs";
import { pseudoLocale, pseudoText } from "./pseudo-locale.mjs";
import { plainRuntime, TextTransformer } from "./text-transformer.mjs";

export const sourceLocale = "en";

/**
 * The two builds that put numbers of a catalogue in place of texts: their catalogues, where these are taken out and compiled, and what a
 * built module asks for them. The desktop shell (CommonJS, which can't wait for a language at its start) and the decoding threads keep their English.
 */
export const sides = {
  page: {
    names: ["page", "shared"],
    directory: path.join(rootDirectory, "out/strings/page"),
    loader: path.join(rootDirectory, "scripts/strings/page-loader.mjs"),
  },
  node: {
    names: ["host", "shared"],
    directory: path.join(rootDirectory, "out/strings/node"),
    loader: path.join(rootDirectory, "scripts/strings/node-loader.mjs"),
  },
};

const unread = ["**/*.test.ts", "**/*.d.ts", "**/*-worker.ts", "**/language.ts"];

/** The catalogues by name: whose texts are in them. Each is a folder of `locales/`. */
export const catalogues = {
  page: { include: ["src-renderer/**/*.{svelte,ts}"], ignore: unread },
  shared: { include: ["src-shared/**/*.ts"], ignore: [...unread, "src-shared/command-line/**"] },
  host: { include: ["src-main/**/*.ts"], ignore: [...unread, "src-main/raster/threads/assembly/**"] },
};

/**
 * Wuchale's settings.
 * @param {string} directory where catalogues, loaders and compiled catalogues lie: never `locales/` itself, so that only `npm run strings` writes there
 * @param {(keyof typeof catalogues)[]} names
 * @param {string} loader
 */
export function stringsConfig({ directory, names, loader }) {
  const locales = [sourceLocale, ...translatedLocales(path.join(directory, "shared"))];
  return {
    locales: [...locales, pseudoLocale],
    localesDir: directory,
    adapters: Object.fromEntries(
      names.map((name) => [name, textAdapter(catalogues[name], path.join(directory, name), locales, loader)]),
    ),
    hmr: false,
    ai: null,
    logLevel: "error",
    fallback: {},
  };
}

/** Languages that have a file in a catalogue's folder besides English. */
function translatedLocales(folder) {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith(".po") && file !== `${sourceLocale}.po`)
    .map((file) => file.slice(0, -".po".length))
    .sort();
}

function textAdapter(files, folder, locales, loader) {
  return {
    ...adapter(),
    files,
    storage: sortedStorage(folder, locales),
    sourceLocale,
    runtime: plainRuntime,
    defaultLoaderPath: loader,
    loaderExts: [".js"],
    transform: ({ content, filename, index, expr, matchUrl }) =>
      new TextTransformer(content, filename, index, expr, matchUrl).transformSv(),
  };
}

/** PO files in an order that depends on nothing but the sources; the made-up language is in none of them. */
function sortedStorage(folder, locales) {
  return async (options) => {
    const file = await pofile({ dir: folder })({ ...options, locales });
    return {
      key: file.key,
      files: file.files,
      load: async () => {
        const data = await file.load();
        for (const item of data.items) {
          item.translations.set(pseudoLocale, item.translations.get(sourceLocale).map(pseudoText));
        }
        return data;
      },
      save: ({ pluralRules, items }) =>
        file.save({ pluralRules, items: items.map(withSortedReferences).sort(byPlace) }),
    };
  };
}

function withSortedReferences(item) {
  return { ...item, references: [...item.references].sort((a, b) => compare(a.file, b.file)) };
}

function byPlace(a, b) {
  const place = (item) => item.references[0]?.file ?? "\uffff";
  const text = (item) => item.translations.get(sourceLocale).join("\n");
  return (
    compare(place(a), place(b)) || compare(text(a), text(b)) || compare(a.context ?? "", b.context ?? "")
  );
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
