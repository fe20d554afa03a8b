import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { provideAppImageTools, provideDebTool } from "./installer-tools.mjs";

let base;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), "orthomask-tools-"));
  mkdirSync(path.join(base, "bin"));
  vi.stubEnv("PATH", path.join(base, "bin"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

function program(name) {
  const file = path.join(base, "bin", name);
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}

describe.skipIf(process.platform !== "linux")("tools for Linux' installers", () => {
  test("dpkg-deb is taken where it is and nothing else was named", () => {
    const environment = {};
    provideDebTool(environment);
    expect(environment).toEqual({});
    program("dpkg-deb");
    provideDebTool(environment);
    expect(environment.CUSTOM_FPM_PATH).toMatch(/debian-package\.mjs$/);
    const named = { USE_SYSTEM_FPM: "true" };
    provideDebTool(named);
    expect(named).toEqual({ USE_SYSTEM_FPM: "true" });
  });

  test("the system's tools around a runtime are a set that electron-builder takes, and what is missing is named", async () => {
    const tools = path.join(base, "tools");
    const environment = { ORTHOMASK_APPIMAGE_RUNTIME: path.join(base, "runtime") };
    expect(await provideAppImageTools(tools, environment)).toContain("apt install squashfs-tools");
    const squash = program("mksquashfs");
    program("desktop-file-validate");
    expect(await provideAppImageTools(tools, environment)).toContain("isn't there");
    writeFileSync(path.join(base, "runtime"), "");
    // Electron-builder reads the process's own.
    vi.stubEnv("APPIMAGE_TOOLS_PATH", tools);
    expect(await provideAppImageTools(tools, environment)).toBeNull();
    expect(environment.APPIMAGE_TOOLS_PATH).toBe(tools);
    expect(readlinkSync(path.join(tools, "mksquashfs"))).toBe(squash);
  });
});
