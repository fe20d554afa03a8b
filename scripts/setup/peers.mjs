// A Python environment with the independent implementations that tests and benchmarks compare against.
// The app needs none of it. `node scripts/setup/peers.mjs` makes it and prints its Python.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDirectory, findPython } from "./places.mjs";
import { run, SetupError, step } from "./step.mjs";

/** Pinned to what a CPython of 3.10 to 3.13 can install. */
const requirements = [
  "tensorflow-cpu==2.21.0; platform_system == 'Linux' and platform_machine == 'x86_64'",
  "tensorflow==2.21.0; platform_system != 'Linux' or platform_machine != 'x86_64'",
  "numpy<2.4",
  "rasterio>=1.4,<1.6",
  "rio-cogeo>=5.4,<8",
  "scikit-learn>=1.6,<1.9",
  "pyproj>=3.7,<3.9",
  "shapely>=2.0,<2.2",
];

/** The environment's folder: its name changes with the requirements, so that an old one is never taken for a new one. */
function peersDirectory() {
  const key = createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 12);
  return path.join(cacheDirectory(), "peers", key);
}

/** The environment's Python, or null when it has not been made. */
export function peersPython() {
  const directory = peersDirectory();
  const python = path.join(directory, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  return existsSync(path.join(directory, ".complete")) ? python : null;
}

/** Makes the environment once; answers its Python. */
export async function providePeers() {
  const ready = peersPython();
  if (ready !== null) {
    return ready;
  }
  const python = findPython();
  if (python === null) {
    throw new SetupError("Python 3 is needed for the tests' peers, and none was found.", "Debian and Ubuntu: apt install python3.");
  }
  return step("Python peers for tests (Keras, rasterio, scikit-learn, pyproj)", async (progress) => {
    const directory = peersDirectory();
    await rm(directory, { recursive: true, force: true });
    await mkdir(path.dirname(directory), { recursive: true });
    await makeEnvironment(python, directory, progress);
    const list = path.join(directory, "requirements.txt");
    await writeFile(list, `${requirements.join("\n")}\n`);
    const environmentPython = path.join(directory, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
    await run(environmentPython, ["-m", "pip", "install", "--progress-bar", "off", "--requirement", list], {
      onLine: (line) => {
        if (line.startsWith("Downloading") || line.startsWith("Installing")) {
          progress(line.slice(0, 90));
        }
      },
      remedy: "Python 3.10 to 3.13 is needed, and the package index must be reachable.",
    });
    await writeFile(path.join(directory, ".complete"), "");
    return environmentPython;
  });
}

/** `venv`, or where Debian keeps ensurepip in a package of its own, pip's own `virtualenv`. */
async function makeEnvironment(python, directory, progress) {
  try {
    await run(python, ["-m", "venv", directory]);
  } catch {
    progress("venv is not complete here, using virtualenv");
    const tools = `${directory}.virtualenv`;
    await run(python, ["-m", "pip", "install", "--quiet", "--target", tools, "virtualenv"]);
    await run(python, ["-m", "virtualenv", "--quiet", directory], {
      env: { ...process.env, PYTHONPATH: tools },
      remedy: "Debian and Ubuntu: apt install python3-venv.",
    });
    await rename(tools, path.join(directory, ".virtualenv"));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  providePeers().then(
    (python) => console.log(python),
    (error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
}
