import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const directory = import.meta.dirname;
const sources = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
  /(?<!\.test)\.ts$/.test(name),
);

// The main process is tried on Electron 22, whose Node is older than the types: there, updates once failed by URL.canParse.
test.each(sources)("%s calls nothing that Electron 22 lacks", (name) => {
  const code = readFileSync(path.join(directory, name), "utf8").replaceAll(/\/\*\*.*?\*\//gs, "");
  expect(code).not.toMatch(
    /URL\.canParse|\.to(?:Sorted|Spliced|Reversed)\(|Promise\.withResolvers|AbortSignal\.any/,
  );
});
