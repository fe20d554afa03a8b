import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { freemem, totalmem } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { EngineStatus } from "#shared/contract.ts";

/** One thing the app or its tests need: what was found, and what to do where something is missing. */
export interface DoctorFinding {
  readonly name: "node" | "tensorflow" | "device" | "memory" | "electron" | "browser";
  readonly found: string | null;
  /** What to do about it, null when nothing has to be done. */
  readonly remedy: string | null;
  /** Whether the app works without it; tests and the window may not. */
  readonly required: boolean;
}

const gibibyte = 2 ** 30;

/** Everything `orthomask doctor` reports; `engineStatus` loads TensorFlow in an engine process of its own. */
export async function doctorReport(engineStatus: () => Promise<EngineStatus>): Promise<DoctorFinding[]> {
  return [
    nodeFinding(),
    ...engineFindings(await engineStatus()),
    memoryFinding(),
    electronFinding(),
    browserFinding(),
  ];
}

/** The report as lines for a terminal. */
export function describeFindings(findings: readonly DoctorFinding[]): string {
  return findings
    .map(({ name, found, remedy, required }) => {
      const mark = remedy === null ? "ok  " : required ? "FAIL" : "–   ";
      return `${mark} ${name.padEnd(11)} ${found ?? "not found"}${remedy === null ? "" : `\n${" ".repeat(17)}${remedy}`}`;
    })
    .join("\n");
}

function nodeFinding(): DoctorFinding {
  return { name: "node", found: process.versions.node, remedy: null, required: true };
}

function engineFindings(status: EngineStatus): DoctorFinding[] {
  if (status.kind === "unavailable") {
    return [{ name: "tensorflow", found: null, remedy: status.reason, required: true }];
  }
  const memory = status.memoryBytes === null ? "" : `, ${(status.memoryBytes / gibibyte).toFixed(1)} GiB`;
  const driver = existsSync("/proc/driver/nvidia/version");
  return [
    { name: "tensorflow", found: status.tensorflowVersion, remedy: null, required: true },
    {
      name: "device",
      found: `${status.device.toUpperCase()} ${status.deviceName}${memory}`,
      remedy:
        driver && status.device === "cpu"
          ? "An NVIDIA driver is loaded but TensorFlow runs on the CPU: `orthomask doctor --install-gpu` fetches the CUDA build and NVIDIA's libraries; the driver must serve CUDA 12."
          : null,
      required: false,
    },
  ];
}

function memoryFinding(): DoctorFinding {
  const found = `${(freemem() / gibibyte).toFixed(1)} of ${(totalmem() / gibibyte).toFixed(1)} GiB free`;
  const scarce = totalmem() < 6 * gibibyte;
  return {
    name: "memory",
    found,
    remedy: scarce ? "Training wants 8 GiB or more: choose a small width and batch." : null,
    required: false,
  };
}

/** The npm package's own runtime, or the one that ELECTRON_OVERRIDE_DIST_PATH names; a packaged app runs in its own. */
function electronFinding(): DoctorFinding {
  const running = process.versions["electron"];
  if (running !== undefined) {
    return { name: "electron", found: running, remedy: null, required: false };
  }
  const directory = process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? electronDistribution();
  const versionFile = directory === null ? null : path.join(directory, "version");
  const found =
    versionFile !== null && existsSync(versionFile) ? readFileSync(versionFile, "utf8").trim() : null;
  return {
    name: "electron",
    found,
    remedy:
      found === null
        ? "Only the desktop window needs it: `npm start` downloads it where it can, and serves the app to a browser otherwise."
        : null,
    required: false,
  };
}

function electronDistribution(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve("electron/package.json");
    z.object({ name: z.literal("electron") }).parse(JSON.parse(readFileSync(manifest, "utf8")));
    return path.join(path.dirname(manifest), "dist");
  } catch {
    return null;
  }
}

function browserFinding(): DoctorFinding {
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
  const found = (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
  return {
    name: "browser",
    found: found ?? null,
    remedy:
      found === undefined ? "Only tests and `orthomask serve` need one: install Chromium or Chrome." : null,
    required: false,
  };
}
