import { expect, test } from "vitest";
import { folderArgument } from "./folder-argument.ts";

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
])("%j", (argv, app, folder) => {
  expect(folderArgument(argv, app)).toBe(folder);
});
