import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { onPath } from "../setup/places.mjs";
import { makeDebianPackage } from "./debian-package.mjs";

let base;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), "orthomask deb-"));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

/** A small app and what electron-builder 26 says to fpm about it. */
function words() {
  const app = path.join(base, "linux-unpacked");
  mkdirSync(path.join(app, "resources/ümlaut and space"), { recursive: true });
  writeFileSync(path.join(app, "orthomask"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(path.join(app, "resources/ümlaut and space/data"), "x".repeat(3000));
  symlinkSync("orthomask", path.join(app, "link"));
  writeFileSync(path.join(base, "install"), "#!/bin/bash\nexit 0\n");
  writeFileSync(path.join(base, "remove"), "#!/bin/bash\nexit 0\n");
  writeFileSync(path.join(base, "entry.desktop"), "[Desktop Entry]\n", { mode: 0o600 });
  return [
    ...["-s", "dir", "--force", "-t", "deb", "-d", "libgtk-3-0", "-d", "libnss3", "--deb-compression", "xz"],
    ...["--architecture", "amd64", "--description", "Masks of mosaics\n A studio.\n\n More."],
    ...["--after-install", path.join(base, "install"), "--after-remove", path.join(base, "remove")],
    ...["--version", "0.1.0~rc1", "--package", path.join(base, "made.deb"), "--name", "orthomask"],
    ...[
      "--maintainer",
      "A <a@example.org>",
      "--vendor",
      "A <a@example.org>",
      "--url",
      "https://example.org/",
    ],
    ...["--deb-priority", "optional", "--license", "Apache-2.0"],
    `${app}/=/opt/Orthomask`,
    `${path.join(base, "entry.desktop")}=/usr/share/applications/orthomask.desktop`,
  ];
}

describe.skipIf(onPath("dpkg-deb") === null)("a .deb of electron-builder's words for fpm", () => {
  test("is what dpkg reads: who it is, what it needs, whose its files are", () => {
    const made = makeDebianPackage(words());
    const field = (...names) => execFileSync("dpkg-deb", ["--field", made, ...names], { encoding: "utf8" });
    expect(field("Package", "Version", "Architecture", "Depends")).toBe(
      "Package: orthomask\nVersion: 0.1.0~rc1\nArchitecture: amd64\nDepends: libgtk-3-0, libnss3\n",
    );
    expect(field("Description")).toBe("Masks of mosaics\n A studio.\n .\n More.\n");
    expect(Number(field("Installed-Size"))).toBe(3);

    const listed = execFileSync("dpkg-deb", ["--contents", made], { encoding: "utf8" });
    const entries = listed.split("\n").filter((line) => line !== "");
    expect(entries.every((line) => line.includes(" root/root "))).toBe(true);
    expect(listed).toMatch(/^-rwxr-xr-x .* \.\/opt\/Orthomask\/orthomask$/m);
    expect(listed).toMatch(/^lrwxrwxrwx .* \.\/opt\/Orthomask\/link -> orthomask$/m);
    expect(listed).toMatch(/^-rw-r--r-- .* \.\/usr\/share\/applications\/orthomask\.desktop$/m);

    const unpacked = path.join(base, "unpacked");
    execFileSync("dpkg-deb", ["--raw-extract", made, unpacked]);
    execFileSync("md5sum", ["--check", "--quiet", "DEBIAN/md5sums"], { cwd: unpacked });
    execFileSync("test", ["-x", path.join(unpacked, "DEBIAN/postinst")]);
    execFileSync("test", ["-x", path.join(unpacked, "DEBIAN/postrm")]);
  });

  test("isn't made where a word is unknown or missing", () => {
    const all = words();
    const version = all.indexOf("--version");
    expect(() => makeDebianPackage([...all, "--deb-systemd", "unit"])).toThrow("--deb-systemd");
    expect(() => makeDebianPackage(all.toSpliced(version, 2))).toThrow("needs --version");
    expect(() => makeDebianPackage([...all, "no mapping"])).toThrow("what goes where");
    expect(existsSync(path.join(base, "made.deb"))).toBe(false);
    expect(readdirSync(base).filter((name) => name.startsWith(".deb-"))).toEqual([]);
  });
});
