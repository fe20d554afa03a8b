import { marked } from "marked";
import type { Mode } from "./workspace.svelte.ts";

/** A page of the guide. `name` is its file's name without `.md`, and what links between pages say. */
export interface GuidePage {
  readonly name: string;
  readonly title: string;
  /** Our own text, so it may be set as HTML. */
  readonly html: string;
}

/** The pages that the window leads to by what they answer; their names are those of the files. */
export const guideTopics: readonly { readonly name: string; readonly words: string }[] = [
  { name: "opening", words: "opening data, formats, masks, image servers" },
  { name: "labelling", words: "labelling, reviewing, working as two" },
  { name: "training", words: "training, recipes, splits, settings" },
  { name: "results", words: "reading results, IoU, matrix, areas" },
  { name: "exporting", words: "exporting, QGIS, Deepness" },
  { name: "gpu-and-server", words: "GPU, CUDA, server" },
  { name: "command-line", words: "command line" },
  { name: "landcover", words: "LandCover.ai from start to end" },
  { name: "troubleshooting", words: "troubleshooting, what a message means" },
];

/** Where the guide opens from each mode: somebody who asks there has a question about it. */
export const guidePageOfMode: Readonly<Record<Mode, string>> = {
  label: "README",
  train: "training",
  results: "results",
  export: "exporting",
};

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
