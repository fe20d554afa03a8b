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

const program = ["src-main", "src-shared", "src-renderer"]
  .flatMap((name) => sources(path.join(rootDirectory, name)))
  .join("\n");

describe.each(pages)("%s", (page) => {
  const text = readFileSync(path.join(guide, page), "utf8");

  test("leads to what is there", () => {
    const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
    for (const target of targets.filter((target) => !/^https?:/.test(target))) {
      expect(existsSync(path.join(guide, target)), target).toBe(true);
    }
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

test("the first page lists every other, which is how the app finds them", () => {
  const first = readFileSync(path.join(guide, "README.md"), "utf8");
  for (const page of pages.filter((name) => name !== "README.md")) {
    expect(first).toMatch(new RegExp(`^- \\[.+\\]\\(${page}\\)`, "m"));
  }
});
