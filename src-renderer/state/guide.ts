import { marked } from "marked";

/** A page of the guide. `name` is its file's name without `.md`, and what links between pages say. */
export interface GuidePage {
  readonly name: string;
  readonly title: string;
  /** Our own text, so it may be set as HTML. */
  readonly html: string;
}

const texts = import.meta.glob<string>("../../docs/guide/*.md", { query: "?raw", import: "default" });
const pictures = import.meta.glob<string>(
  ["../../docs/guide/pictures/*.webp", "../../docs/screenshots/labelling-*.webp"],
  { query: "?url", import: "default", eager: true },
);

/** Reads the guide, which is built into the app and needs no network: the first page, then those that it lists, in its order. */
export async function readGuide(): Promise<GuidePage[]> {
  const first = await textOf("README");
  const others = [...first.matchAll(/^- \[.+\]\(([\w-]+)\.md\)/gm)].map(([, name = ""]) => name);
  return Promise.all(
    ["README", ...others].map(async (name) => {
      const text = await textOf(name);
      const title = /^# (.+)$/m.exec(text)?.[1] ?? name;
      const html = await marked.parse(text.replace(/^# .+$/m, ""));
      return {
        name,
        title,
        html: html.replaceAll(/<img src="([^"]+)"/g, (_, given: string) => imageOf(given)),
      };
    }),
  );
}

function textOf(name: string): Promise<string> {
  return texts[`../../docs/guide/${name}.md`]?.() ?? Promise.resolve("");
}

function imageOf(given: string): string {
  const file = new URL(given, "file:///docs/guide/").pathname;
  return `<img src="${pictures[`../..${file}`] ?? ""}"`;
}
