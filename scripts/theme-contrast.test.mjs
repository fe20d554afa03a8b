// Whether every text of the page can be read in both themes. Here and not beside app.css, as the page's folder knows no Node.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("../src-renderer/app.css", import.meta.url), "utf8");

/** The colours of a theme by their names, as app.css gives them. */
function tokens(selector) {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("}", start));
  return new Map([...block.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

/** Relative luminance by WCAG 2.2. */
function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(first, second) {
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const surfaces = ["--chrome", "--surface", "--raised", "--field", "--selection"];
const pairs = [
  ["--text", surfaces],
  ["--text-muted", surfaces],
  ["--accent", ["--chrome", "--surface", "--raised"]],
  ["--danger", ["--surface", "--raised", "--danger-surface"]],
  ["--warning", ["--surface", "--raised", "--warning-surface"]],
  ["--success", ["--surface", "--raised"]],
  ["--on-accent", ["--accent-fill", "--accent-fill-hover"]],
];

test.each([":root", ':root[data-theme="dark"]'])("text is readable (WCAG AA, 4.5) in %s", (selector) => {
  const colors = tokens(selector);
  expect(colors.size).toBeGreaterThan(15);
  const failures = pairs.flatMap(([text, backgrounds]) =>
    backgrounds.flatMap((background) => {
      const ratio = contrast(colors.get(text), colors.get(background));
      return ratio >= 4.5 ? [] : [`${text} on ${background}: ${ratio.toFixed(2)}`];
    }),
  );
  expect(failures).toEqual([]);
});
