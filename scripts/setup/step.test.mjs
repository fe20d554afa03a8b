import { spawn } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";
import { rootDirectory } from "./places.mjs";
import { run } from "./step.mjs";

const stepModule = path.join(rootDirectory, "scripts/setup/step.mjs");

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.skipIf(process.platform === "win32")(
  "a program that was started ends when its starter is told to",
  async () => {
    const sleeper = "console.log(process.pid); setInterval(() => undefined, 1000);";
    const starter = spawn(
      process.execPath,
      [
        ...["--input-type=module", "--eval"],
        `import { runVisibly } from ${JSON.stringify(stepModule)};
       process.exit(await runVisibly(process.execPath, ["--eval", ${JSON.stringify(sleeper)}]));`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const pid = await new Promise((resolve) => starter.stdout.once("data", (text) => resolve(Number(text))));
    expect(isRunning(pid)).toBe(true);
    const ended = new Promise((resolve) => starter.once("close", resolve));
    starter.kill("SIGTERM");
    await ended;
    expect(isRunning(pid)).toBe(false);
  },
);

test("a program that fails is told with its last lines and what to do", async () => {
  const words = ["--eval", "console.error('no such wheel'); process.exit(3)"];
  await expect(run(process.execPath, words, { remedy: "Reach the index." })).rejects.toThrow(
    /ended with code 3:\nno such wheel\n {2}Reach the index\./,
  );
});

test("a program that is not there is named, with what to do", async () => {
  await expect(run("no-such-compiler", [], { remedy: "apt install g++." })).rejects.toThrow(
    /no-such-compiler could not be started.*\n {2}apt install g\+\+\./,
  );
});
