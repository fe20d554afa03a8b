import { homedir } from "node:os";
import path from "node:path";

export interface UserDirectories {
  /** What the user would miss: recent projects, window state, the sample. `ORTHOMASK_DATA` overrides it. */
  readonly dataDirectory: string;
  /** What can be made again. `ORTHOMASK_CACHE` overrides it. */
  readonly cacheDirectory: string;
}

interface Machine {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Where Orthomask keeps its files for this user; the same for all shells. */
export function userDirectories(
  machine: Machine = { platform: process.platform, environment: process.env, home: homedir() },
): UserDirectories {
  const { environment } = machine;
  const defaults = defaultDirectories(machine);
  return {
    dataDirectory: path.resolve(set(environment["ORTHOMASK_DATA"]) ?? defaults.dataDirectory),
    cacheDirectory: path.resolve(set(environment["ORTHOMASK_CACHE"]) ?? defaults.cacheDirectory),
  };
}

function defaultDirectories({ platform, environment, home }: Machine): UserDirectories {
  switch (platform) {
    case "darwin":
      return {
        dataDirectory: path.join(home, "Library/Application Support/Orthomask"),
        cacheDirectory: path.join(home, "Library/Caches/orthomask"),
      };
    case "win32":
      return {
        dataDirectory: path.join(
          set(environment["APPDATA"]) ?? path.join(home, "AppData/Roaming"),
          "Orthomask",
        ),
        cacheDirectory: path.join(
          set(environment["LOCALAPPDATA"]) ?? path.join(home, "AppData/Local"),
          "orthomask/Cache",
        ),
      };
    default:
      // As Electron's own `userData`, which follows XDG_CONFIG_HOME.
      return {
        dataDirectory: path.join(
          set(environment["XDG_CONFIG_HOME"]) ?? path.join(home, ".config"),
          "Orthomask",
        ),
        cacheDirectory: path.join(
          set(environment["XDG_CACHE_HOME"]) ?? path.join(home, ".cache"),
          "orthomask",
        ),
      };
  }
}

/** A variable that is set to nothing counts as not set, as XDG has it. */
function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
