#!/usr/bin/env node
// Makes a .deb with dpkg-deb, which every Debian and Ubuntu has, from the words that electron-builder has for fpm, which would have to come from GitHub or
// RubyGems. Package.mjs leads electron-builder here by CUSTOM_FPM_PATH. A word that isn't known is an error: a package that lacks something must not look made.
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

/** What dpkg-deb calls them; its own level for gzip takes three times as long as this one, for half a percent. */
const compressions = { gz: ["-Zgzip", "-z6"], xz: ["-Zxz"], zst: ["-Zzstd"], none: ["-Znone"] };
const text = { type: "string" };
const texts = { type: "string", multiple: true, default: [] };
const knownWords = {
  "input-type": { ...text, short: "s" },
  "output-type": { ...text, short: "t" },
  force: { type: "boolean" },
  log: text,
  depends: { ...texts, short: "d" },
  "deb-recommends": texts,
  "deb-compression": { ...text, default: "xz" },
  "deb-priority": { ...text, default: "optional" },
  architecture: text,
  "after-install": text,
  "after-remove": text,
  description: text,
  version: text,
  package: text,
  name: text,
  maintainer: text,
  vendor: text,
  url: text,
  license: text,
  category: { ...text, default: "science" },
  iteration: text,
};

/** Makes the package that fpm's words describe, beside which it needs as much room as its files where these can't be linked; answers its path. */
export function makeDebianPackage(words) {
  const { values, positionals } = parseArgs({ args: words, options: knownWords, allowPositionals: true });
  for (const [word, wanted] of [
    ["input-type", "dir"],
    ["output-type", "deb"],
  ]) {
    if (values[word] !== wanted) {
      throw new Error(`Only a folder can be made a .deb: --${word} is ${String(values[word])}.`);
    }
  }
  if (!(values["deb-compression"] in compressions)) {
    throw new Error(`--deb-compression ${values["deb-compression"]} isn't known.`);
  }
  for (const word of ["architecture", "description", "version", "package", "name", "maintainer"]) {
    if (values[word] === undefined) {
      throw new Error(`A .deb needs --${word}.`);
    }
  }
  const target = path.resolve(values.package);
  // Beside the package: on one disk, files are linked and take no room.
  const stage = mkdtempSync(path.join(path.dirname(target), ".deb-"));
  try {
    chmodSync(stage, 0o755);
    for (const mapping of positionals) {
      place(mapping, stage);
    }
    writeControl(values, stage);
    const compression = compressions[values["deb-compression"]];
    const { status } = spawnSync(
      "dpkg-deb",
      ["--root-owner-group", ...compression, "--build", stage, target],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    if (status !== 0) {
      throw new Error(`dpkg-deb ended with code ${String(status)}.`);
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return target;
}

/** `file=/where/it/goes`, or `folder/=/where/its/content/goes`. */
function place(mapping, stage) {
  const at = mapping.indexOf("=");
  const [from, to] = [mapping.slice(0, at), mapping.slice(at + 1)];
  if (at < 1 || !path.isAbsolute(to)) {
    throw new Error(`"${mapping}" doesn't say what goes where.`);
  }
  const target = path.join(stage, to);
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
  if (statSync(from).isDirectory()) {
    copyFolder(from, target);
  } else {
    copyFileSync(from, target);
    chmodSync(target, 0o644);
  }
}

function copyFolder(from, target) {
  const linked = spawnSync("cp", ["--archive", "--link", path.resolve(from), target], { stdio: "ignore" });
  if (linked.status !== 0) {
    rmSync(target, { recursive: true, force: true });
    cpSync(from, target, { recursive: true, verbatimSymlinks: true });
  }
}

function writeControl(values, stage) {
  const files = filesBelow(stage);
  const bytes = files.reduce((sum, file) => sum + lstatSync(path.join(stage, file)).size, 0);
  const control = path.join(stage, "DEBIAN");
  mkdirSync(control, { mode: 0o755 });
  writeFileSync(path.join(control, "control"), controlFile(values, bytes));
  const sums = files
    .filter((file) => lstatSync(path.join(stage, file)).isFile())
    .map((file) => `${md5(path.join(stage, file))}  ${file}\n`);
  writeFileSync(path.join(control, "md5sums"), sums.join(""));
  for (const [name, word] of [
    ["postinst", "after-install"],
    ["postrm", "after-remove"],
  ]) {
    if (values[word] !== undefined) {
      copyFileSync(values[word], path.join(control, name));
      chmodSync(path.join(control, name), 0o755);
    }
  }
}

/** https://www.debian.org/doc/debian-policy/ch-controlfields.html */
function controlFile(values, bytes) {
  const [synopsis, ...more] = values.description.split("\n");
  const fields = [
    ["Package", values.name],
    ["Version", values.iteration === undefined ? values.version : `${values.version}-${values.iteration}`],
    ["Architecture", values.architecture],
    ["Maintainer", values.maintainer],
    ["Installed-Size", String(Math.ceil(bytes / 1024))],
    ["Depends", values.depends.join(", ")],
    ["Recommends", values["deb-recommends"].join(", ")],
    ["Section", values.category],
    ["Priority", values["deb-priority"]],
    ["Homepage", values.url ?? ""],
    [
      "Description",
      [synopsis, ...more.map((line) => (line.trim() === "" ? " ." : ` ${line.trim()}`))].join("\n"),
    ],
  ];
  return fields
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

/** Files and links below a folder, by their paths from there. */
function filesBelow(directory, below = "") {
  return readdirSync(path.join(directory, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(below, entry.name);
      return entry.isDirectory() ? filesBelow(directory, file) : [file];
    });
}

function md5(file) {
  return createHash("md5").update(readFileSync(file)).digest("hex");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    makeDebianPackage(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
