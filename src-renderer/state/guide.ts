import { marked } from "marked";

/** A page of the guide. `name` is its file's name without `.md`, and what links between pages say. */
export interface GuidePage {
  readonly name: string;
  readonly title: string;
  /** Our own text, so it may be set as HTML. */
  readonly html: string;
}

/** The pages in the order in which the first one lists them. */
const ORDER = [
  "README",
  "opening",
  "labelling",
  "training",
  "results",
  "exporting",
  "gpu-and-server",
  "command-line",
  "landcover",
  "troubleshooting",
];

const texts = import.meta.glob<string>("../../docs/guide/*.md", { query: "?raw", import: "default" });
const pictures = import.meta.glob<string>(
  ["../../docs/guide/pictures/*.webp", "../../docs/screenshots/labelling-*.webp"],
  { query: "?url", import: "default", eager: true },
);

/** Reads the guide, which is built into the app and needs no network. */
export function readGuide(): Promise<GuidePage[]> {
  return Promise.all(
    ORDER.map(async (name) => {
      const text = (await texts[`../../docs/guide/${name}.md`]?.()) ?? "";
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

function imageOf(given: string): string {
  const file = new URL(given, "file:///docs/guide/").pathname;
  return `<img src="${pictures[`../..${file}`] ?? ""}"`;
}
