import { expect, test } from "vitest";
import { withoutNames } from "./without-names.ts";

test.each([
  ["/home/ada/Fields 2024/north.tif: the disk is full.", /ada|Fields|north/],
  ["ENOENT: no such file, open '/home/ada/My Maps/a b.tif'", /ada|Maps|a b/],
  ["C:\\Users\\Ada\\maps\\north.tif can't be read", /Ada|maps|north/],
  ["\\\\server\\share\\north.tif is gone", /server|share|north/],
  ["north_2024.TIFF: truncated at byte 20", /north/],
  ["https://tiles.example.org/secret/cog.tif?token=abc answered 403", /example|secret|token/],
  ["“~/Documents/plan.gpkg” holds no layer", /Documents|plan/],
])("%s", (text, secret) => {
  const told = withoutNames(text);
  expect(told).not.toMatch(secret);
  expect(told).toMatch(/‹(path|file|address)›/);
});

test.each([
  "/home/ada/out/secret-field/north.tif: the disk is full.",
  "EACCES: permission denied, open '/data/src-images/secret-field/a.weights'",
  "/home/ada/out/secret-field/notes could not be read",
])("a folder that is called like one of the program's is none: %s", (text) => {
  expect(withoutNames(text)).not.toMatch(/ada|secret|north|notes/);
});

test("what is no name stays", () => {
  const plain = "The engine ended (SIGKILL) at step 12/40 with 3.5 MB/s; 2026-11-27T02:00:00Z, and/or later.";
  expect(withoutNames(plain)).toBe(plain);
});

test("names of projects and mosaics go, the longest first", () => {
  expect(withoutNames("north and north-east differ", ["north", "north-east"])).toBe(
    "‹name› and ‹name› differ",
  );
});

test("a stack keeps the places of our own program", () => {
  const stack =
    "Error: no\n    at run (file:///home/ada/orthomask/out/host/main.mjs:12:7)\n    at /opt/Orthomask/resources/app.asar/out/host/x.mjs:3:1";
  const told = withoutNames(stack);
  expect(told).not.toContain("ada");
  expect(told).toContain("main.mjs:12:7");
  expect(told).toContain("x.mjs:3:1");
});
