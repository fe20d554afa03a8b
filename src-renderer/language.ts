import toRuntime from "wuchale/runtime";
import type { CatalogModule, Runtime } from "wuchale/runtime";

/** The names of the page's catalogues: its own, and that of what runs in the host too. */
type CatalogueName = "page" | "shared";

// Compiled by the build from locales/, and absent in development, where nothing imports this module: NAME.NAME.LANGUAGE.compiled.js.
// English is part of the page, so that it starts without another file.
const english = import.meta.glob<CatalogModule>("../out/strings/page/.wuchale/*.en.compiled.js", {
  eager: true,
});
const others = import.meta.glob<CatalogModule>([
  "../out/strings/page/.wuchale/*.compiled.js",
  "!../out/strings/page/.wuchale/*.en.compiled.js",
]);

function fileOf(name: CatalogueName, language: string): string {
  return `../out/strings/page/.wuchale/${name}.${name}.${language}.compiled.js`;
}

/** The first language asked for that there is: `?language=de` in the address, then those of the browser; else English. */
function chooseLanguage(): string {
  const asked = new URLSearchParams(window.location.search).get("language");
  const wanted = asked === null ? window.navigator.languages : [asked];
  return (
    wanted
      .flatMap((tag) => [tag, tag.split("-")[0] ?? tag])
      .find((tag) => tag === "en" || fileOf("page", tag) in others) ?? "en"
  );
}

async function load(name: CatalogueName, language: string): Promise<Runtime> {
  return toRuntime(await others[fileOf(name, language)]?.(), language);
}

function inEnglish(name: CatalogueName): Runtime {
  return toRuntime(english[fileOf(name, "en")], "en");
}

const language = chooseLanguage();
// Every other module of the page waits for this one, so that texts at the top of modules are translated too. In English there is nothing to wait for.
const runtimes: Record<CatalogueName, Runtime> =
  language === "en"
    ? { page: inEnglish("page"), shared: inEnglish("shared") }
    : { page: await load("page", language), shared: await load("shared", language) };
document.documentElement.lang = language;

/** The texts of a catalogue in the language that the page was opened in: built modules have calls of it where their sources have text. */
export function runtimeOf(name: CatalogueName): Runtime {
  return runtimes[name];
}
