// What every set-up step has in common: a name on the terminal, its time, and an error that says what to do.
import { spawn } from "node:child_process";

/** Something is missing that the user can provide; shown as it is, without a stack trace. */
export class SetupError extends Error {
  /**
   * @param {string} missing what could not be done
   * @param {string} remedy what to do about it
   */
  constructor(missing, remedy) {
    super(`${missing}\n  ${remedy}`);
    this.name = "SetupError";
  }
}

const terminal = process.stderr.isTTY === true;

/**
 * Runs one step and names it with its time; `work` gets a function that shows progress on the same line.
 * @template T
 * @param {string} name
 * @param {(progress: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const started = performance.now();
  if (!terminal) {
    process.stderr.write(`· ${name}\n`);
  }
  const progress = (text) => {
    if (terminal) {
      process.stderr.write(`\r\u001b[K· ${name} … ${text}`);
    } else {
      process.stderr.write(`  ${text}\n`);
    }
  };
  if (terminal) {
    progress("");
  }
  try {
    const result = await work(progress);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(terminal ? `\r\u001b[K✓ ${name} (${seconds} s)\n` : `✓ ${name} (${seconds} s)\n`);
    return result;
  } catch (error) {
    process.stderr.write(`${terminal ? "\r\u001b[K" : ""}✗ ${name}\n`);
    throw error;
  }
}

/**
 * Runs a program to its end and answers what it printed; its last lines become the error when it fails.
 * @param {string} program
 * @param {readonly string[]} words
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, remedy?: string, shownCharacters?: number }} [options] `shownCharacters`: how much of its end an error shows
 * @returns {Promise<string>}
 */
export function run(program, words, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let tail = "";
    const take = (chunk) => {
      tail = (tail + chunk).slice(-(options.shownCharacters ?? 4000));
      for (const line of chunk.split(/[\r\n]+/)) {
        if (line.trim() !== "") {
          options.onLine?.(line.trim());
        }
      }
    };
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      take(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.once("error", (error) => {
      reject(
        new SetupError(
          `${program} could not be started: ${error.message}`,
          options.remedy ?? `Install ${program}.`,
        ),
      );
    });
    child.once("close", (code) => {
      if (code === 0) {
        resolve(stdout);
      } else {
        reject(
          new SetupError(
            `${program} ${words.slice(0, 3).join(" ")} … ended with code ${code}:\n${tail.trim()}`,
            options.remedy ?? "See the lines above.",
          ),
        );
      }
    });
  });
}

/** Runs a program with the terminal handed through; answers its exit code. It ends when we are told to end. */
export function runVisibly(program, words, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: "inherit",
    });
    const passOn = (signal) => child.kill(signal);
    // Ctrl+C reaches the child by itself, being of the same terminal: told twice it would not end cleanly. We only wait for it.
    const wait = () => undefined;
    const handlers = [
      ["SIGTERM", passOn],
      ["SIGHUP", passOn],
      ["SIGINT", wait],
    ];
    handlers.forEach(([signal, handler]) => process.on(signal, handler));
    const done = () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code, signal) => {
      done();
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}
