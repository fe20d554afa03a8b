import { expect, test } from "vitest";
import { PROJECT_FILE } from "../host/projects/project-storage.ts";
import { PROJECT_FILE_NAME, folderArgument } from "./folder-argument.ts";

const checkout = { appPath: "/checkout", packaged: false, workingDirectory: "/checkout" };

test.each([
  [["electron", "."], checkout, null],
  [["electron", ".", "mosaics"], checkout, "/checkout/mosaics"],
  [["electron", "--no-sandbox", "/checkout", "/data/dubai"], checkout, "/data/dubai"],
  [["electron", "/checkout", "--inspect=0", "/data/dubai"], checkout, "/data/dubai"],
  [["electron", "--flag", "../checkout", "../x"], { ...checkout, workingDirectory: "/home" }, "/x"],
  [["orthomask"], { ...checkout, packaged: true }, null],
  [
    ["orthomask", "mosaics"],
    { ...checkout, packaged: true, workingDirectory: "/home/me" },
    "/home/me/mosaics",
  ],
  [["orthomask", "/data/dubai/orthomask.json"], { ...checkout, packaged: true }, "/data/dubai"],
  // What file managers of Linux pass for `%U`.
  [["orthomask", "file:///data/dubai"], { ...checkout, packaged: true }, "/data/dubai"],
  [
    ["orthomask", "file:///home/me/M%C3%BCnster%20West/orthomask.json"],
    { ...checkout, packaged: true },
    "/home/me/Münster West",
  ],
  [["orthomask", "file:x"], { ...checkout, packaged: true, workingDirectory: "/home/me" }, "/home/me/file:x"],
  [
    ["orthomask", "file://server/share"],
    { ...checkout, packaged: true, workingDirectory: "/home/me" },
    "/home/me/file:/server/share",
  ],
])("%j", (argv, app, folder) => {
  expect(folderArgument(argv, app)).toBe(folder);
});

test("a project file is called as the host calls it", () => {
  expect(PROJECT_FILE_NAME).toBe(PROJECT_FILE);
});
