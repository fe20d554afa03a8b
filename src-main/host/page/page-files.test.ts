import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPageFile } from "./page-files.ts";

let directory: string;
let page: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "orthomask-page-"));
  page = path.join(directory, "page");
  await mkdir(path.join(page, "assets"), { recursive: true });
  await mkdir(path.join(directory, "page-secret"));
  await writeFile(path.join(page, "index.html"), "<title>Orthomask</title>");
  await writeFile(path.join(page, "assets/main file.js"), "export {};");
  await writeFile(path.join(page, "assets/main.js.map"), "{}");
  await writeFile(path.join(directory, "secret.json"), "{}");
  await writeFile(path.join(directory, "page-secret/secret.json"), "{}");
  await symlink(path.join(directory, "secret.json"), path.join(page, "link.json"));
});
afterAll(() => rm(directory, { recursive: true }));

test.each([
  ["/", "text/html; charset=utf-8", "<title>Orthomask</title>"],
  ["/index.html", "text/html; charset=utf-8", "<title>Orthomask</title>"],
  ["/assets/main%20file.js", "text/javascript; charset=utf-8", "export {};"],
])("serves %s", async (urlPath, mimeType, text) => {
  const file = await readPageFile(page, urlPath);
  expect(file?.mimeType).toBe(mimeType);
  expect(file?.data.toString()).toBe(text);
});

test.each([
  "/../secret.json",
  "/..%2fsecret.json",
  "/%2e%2e/secret.json",
  "/assets/../../secret.json",
  "/..\\secret.json",
  "/../page-secret/secret.json",
  "//etc/passwd",
  "/etc/hostname.json",
  "/index.html%00.js",
  "/%E0%A4%A",
  "/link.json",
  "/assets",
  "/assets/main.js.map",
  "/missing.js",
])("has nothing at %s", async (urlPath) => {
  expect(await readPageFile(page, urlPath)).toBeNull();
});
