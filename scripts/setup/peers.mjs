// A Python environment with the independent implementations that tests and benchmarks compare against.
// The app needs none of it. `node scripts/setup/peers.mjs` makes it and prints its Python.
import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isMade, makeOnce } from "./make-once.mjs";
import { cacheDirectory, findPython, onPath } from "./places.mjs";
import { run, SetupError, step } from "./step.mjs";

/** The newest that each CPython of 3.10 to 3.13 can install, pinned so that their numbers stay the same. */
const requirements = [
  "tensorflow-cpu==2.21.0; platform_system == 'Linux' and platform_machine == 'x86_64'",
  "tensorflow==2.21.0; platform_system != 'Linux' or platform_machine != 'x86_64'",
  ...sinceEleven("keras", "3.15.1", "3.12.4"),
  ...sinceEleven("numpy", "2.3.5", "2.2.6"),
  ...sinceEleven("scipy", "1.17.1", "1.15.3"),
  ...sinceEleven("scikit-learn", "1.8.0", "1.7.2"),
  ...sinceEleven("scikit-image", "0.26.0", "0.25.2"),
  ...sinceEleven("pyproj", "3.7.2", "3.7.1"),
  ...sinceEleven("rio-cogeo", "7.0.4", "6.0.0"),
  ...sinceEleven("onnxruntime", "1.24.4", "1.23.2"),
  "onnx==1.20.1",
  "rasterio==1.4.4",
  "shapely==2.1.2",
  "pyogrio==0.13.0",
];

/** One version from Python 3.11 on, and the last that still runs on 3.10. */
function sinceEleven(name, version, onTen) {
  return [`${name}==${version}; python_version >= '3.11'`, `${name}==${onTen}; python_version < '3.11'`];
}

/** The environment's folder: its name changes with the requirements, so that an old one is never taken for a new one. */
function peersDirectory() {
  const key = createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 12);
  return path.join(cacheDirectory(), "peers", key);
}

/** The environment's Python, or null when it has not been made. */
export function peersPython() {
  const directory = peersDirectory();
  return isMade(directory) ? pythonOf(directory) : null;
}

/** Makes the environment once; answers its Python. */
export async function providePeers() {
  const ready = peersPython();
  if (ready !== null) {
    return ready;
  }
  const python = await findSuitablePython();
  return step(
    "Python peers for tests (Keras, rasterio, scikit-learn, scikit-image, pyproj)",
    async (progress) => {
      const directory = peersDirectory();
      // Only `bin/python` is used, and that works after the folder has taken its name; scripts beside it would not.
      await makeOnce(directory, async (work) => {
        await makeEnvironment(python, work, progress);
        const list = path.join(work, "requirements.txt");
        await writeFile(list, `${requirements.join("\n")}\n`);
        await run(pythonOf(work), ["-m", "pip", "install", "--progress-bar", "off", "--requirement", list], {
          onLine: (line) => {
            if (line.startsWith("Downloading") || line.startsWith("Installing")) {
              progress(line.slice(0, 90));
            }
          },
          remedy: "The package index must be reachable, and 2 GB of disk be free.",
        });
      });
      return pythonOf(directory);
    },
  );
}

function pythonOf(environment) {
  return path.join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
}

/** The user's Python where TensorFlow has wheels for it, else another version that is installed beside it. */
async function findSuitablePython() {
  const candidates = [
    findPython(),
    ...["3.13", "3.12", "3.11", "3.10"].map((version) => onPath(`python${version}`)),
  ];
  for (const python of candidates.filter((file) => file !== null)) {
    const minor = await run(python, [
      "-c",
      "import sys; print(sys.version_info[1] if sys.version_info[0] == 3 else 0)",
    ]).then(Number, () => 0);
    if (minor >= 10 && minor <= 13) {
      return python;
    }
  }
  throw new SetupError(
    "The tests' peers need Python 3.10 to 3.13, and none was found.",
    "Debian and Ubuntu: apt install python3 python3-venv. macOS: brew install python@3.12.",
  );
}

/** `venv`, or where Debian keeps ensurepip in a package of its own, pip's own `virtualenv`. */
async function makeEnvironment(python, directory, progress) {
  try {
    await run(python, ["-m", "venv", directory]);
  } catch {
    progress("venv is not complete here, using virtualenv");
    await rm(path.join(directory, "bin"), { recursive: true, force: true });
    const tools = path.join(directory, ".virtualenv");
    await run(python, ["-m", "pip", "install", "--quiet", "--target", tools, "virtualenv"]);
    await run(python, ["-m", "virtualenv", "--quiet", directory], {
      env: { ...process.env, PYTHONPATH: tools },
      remedy: "Debian and Ubuntu: apt install python3-venv.",
    });
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
