import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { rootDirectory } from "../setup/places.mjs";

const guide = path.join(rootDirectory, "docs/guide");
const pages = readdirSync(guide).filter((name) => name.endsWith(".md"));

/** All source that can put a sentence before the user. */
function sources(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    return entry.isDirectory()
      ? sources(file)
      : /\.(ts|svelte)$/.test(entry.name) && !entry.name.includes(".test.")
        ? [readFileSync(file, "utf8")]
        : [];
  });
}

const texts = ["src-main", "src-shared", "src-renderer"].flatMap((name) =>
  sources(path.join(rootDirectory, name)),
);
const program = texts.join("\n");

/** What the window writes on its own: whole strings, and whole texts between tags. */
const written = new Set(
  texts.flatMap((text) =>
    [/"([^"\n]+)"/g, /[>}]\s*([^<>{}]+?)\s*[<{]/g].flatMap((pattern) =>
      [...text.matchAll(pattern)].map(([, found]) => found.replaceAll(/\s+/g, " ")),
    ),
  ),
);

/** Set in italics or bold, and no name of something in the window: examples, QGIS' own menus, and what is only stressed. */
const stressed = new Set([
  ...["field", "woodland", "road", "road called building", "mean IoU", "ignore"],
  ...["Layer Properties", "Symbology", "Paletted", "Model file", "Segmentor"],
  ...["correct the prediction", "Polygons you have", "Images", "Masks", "Area", "confusion matrix"],
  ...["Open the folder", "Say what there is to find.", "Paint examples.", "Train.", "Look.", "Export."],
]);

describe.each(pages)("%s", (page) => {
  const text = readFileSync(path.join(guide, page), "utf8");

  test("leads to what is there", () => {
    const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
    for (const target of targets.filter((target) => !/^https?:/.test(target))) {
      expect(existsSync(path.join(guide, target)), target).toBe(true);
    }
  });

  test.skipIf(page === "troubleshooting.md")("calls things as the window does", () => {
    const prose = text.replaceAll(/```[\s\S]*?```/g, "").replaceAll("\n", " ");
    const names = [...prose.matchAll(/\*\*([^*]+)\*\*|\*([^*]+)\*/g)].flatMap(([, bold, italic]) =>
      (bold ?? italic).replaceAll(/\s+/g, " ").split(" → "),
    );
    expect(names.filter((name) => !written.has(name) && !stressed.has(name))).toEqual([]);
  });

  test("names no key that does nothing", () => {
    const keys = [...text.matchAll(/`((?:(?:Ctrl|Shift|Alt)\+)*(?:[A-Z0-9[\].,?]|F\d+))`/g)].map(
      ([, key]) => key,
    );
    // Digits are counted through: modes, layers, classes. Ctrl+C is the terminal's.
    const chords = keys.filter((key) => !/^(Ctrl\+)?[1-9]$|^Ctrl\+C$/.test(key));
    expect(chords.filter((key) => !written.has(key))).toEqual([]);
  });

  test("names no command option that there isn't", () => {
    const options = [...text.matchAll(/(?<=^orthomask .*)(--[a-z-]+)/gm)].map(([, option]) => option);
    for (const option of options) {
      expect(program.includes(option), option).toBe(true);
    }
  });
});

test("the messages of troubleshooting are the program's own", () => {
  const text = readFileSync(path.join(guide, "troubleshooting.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && /\*/.test(line.split("|")[1]));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    for (const [, message] of row.split("|")[1].matchAll(/\*([^*]+)\*/g)) {
      expect(program.includes(message), message).toBe(true);
    }
  }
});

test("each page can be asked for by name in the window", () => {
  const topics = readFileSync(path.join(rootDirectory, "src-renderer/state/guide.ts"), "utf8");
  const asked = [...topics.matchAll(/^  \{ name: "([\w-]+)", words:/gm)].map(([, name]) => `${name}.md`);
  expect(asked.sort()).toEqual(pages.filter((name) => name !== "README.md").sort());
});

test("the first page lists every other, which is how the app finds them", () => {
  const first = readFileSync(path.join(guide, "README.md"), "utf8");
  for (const page of pages.filter((name) => name !== "README.md")) {
    expect(first).toMatch(new RegExp(`^- \\[.+\\]\\(${page}\\)`, "m"));
  }
});
