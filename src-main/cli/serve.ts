import { spawn } from "node:child_process";
import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";

/** `orthomask serve`: the server shell, in a process of its own because shells never import each other. */
export function registerServeCommand(
  program: Command,
  io: CliIo,
  { serverPath }: { readonly serverPath: string },
): void {
  program
    .command("serve")
    .description("serve the app to a browser; prints its address with a token")
    .argument("[dir]", "the folder to open")
    .option("--port <n>", "port to listen at (default: a free one)")
    .option("--host <address>", "address to listen at (default: 127.0.0.1, this machine only)")
    .option(
      "--public-url <url>",
      "the address by which a proxy with TLS makes it known, as https://masks.example.org",
    )
    .option(
      "--root <dir>",
      "folder that the folder picker may browse; can be repeated (default: your home folder)",
      (root: string, before: readonly string[]) => [...before, root],
      [] as readonly string[],
    )
    .option("--allow-remote", "open mosaics on public servers, as .url files in the folder name them", false)
    .option(
      "--allow-remote-private",
      "the same, also on private and link-local addresses and on this machine",
      false,
    )
    .action(
      async (
        dir: string | undefined,
        options: {
          readonly port?: string;
          readonly host?: string;
          readonly publicUrl?: string;
          readonly root: readonly string[];
          readonly allowRemote: boolean;
          readonly allowRemotePrivate: boolean;
        },
      ) => {
        const words = [
          ...(dir === undefined ? [] : [dir]),
          ...(options.port === undefined ? [] : ["--port", options.port]),
          ...(options.host === undefined ? [] : ["--host", options.host]),
          ...(options.publicUrl === undefined ? [] : ["--public-url", options.publicUrl]),
          ...options.root.flatMap((root) => ["--root", root]),
          ...(options.allowRemote ? ["--allow-remote"] : []),
          ...(options.allowRemotePrivate ? ["--allow-remote-private"] : []),
          ...(io.json ? ["--json"] : []),
        ];
        process.exitCode = await runServer(serverPath, words, io.signal);
      },
    );
}

/** Runs the server until it ends or we are asked to end; its exit code, 0 when it was we who ended it. */
function runServer(serverPath: string, words: readonly string[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = spawn(process.execPath, [serverPath, "serve", ...words], { stdio: "inherit" });
    const end = (): void => {
      server.kill("SIGTERM");
    };
    signal.addEventListener("abort", end);
    server.once("error", reject);
    server.once("exit", (code) => {
      signal.removeEventListener("abort", end);
      resolve(code ?? 1);
    });
  });
}
