// `orthomask serve`: the host in this process, behind HTTP and a WebSocket for a browser.
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { createHost } from "../host/create-host.ts";
import { engineLauncher } from "../host/engine-process.ts";
import { noShell } from "../host/ports/no-shell.ts";
import { userDirectories } from "../host/user-directories.ts";
import { closeOnSignal } from "./close-on-signal.ts";
import { SERVER_USAGE, ServerUsageError, parseServerArguments } from "./server-arguments.ts";
import type { ServerArguments } from "./server-arguments.ts";
import { isLoopback } from "./request-origin.ts";
import { serveApp } from "./serve-app.ts";

/** `out/`, where the built parts lie beside each other. */
const out = path.resolve(import.meta.dirname, "..");

await run().catch((error: unknown) => {
  console.error(`orthomask serve: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof ServerUsageError ? 2 : 1;
});

async function run(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2);
  const argv = first === "serve" || first === undefined ? rest : [first, ...rest];
  const options = parseServerArguments(argv, process.cwd());
  if (options.help) {
    console.log(SERVER_USAGE);
    return;
  }
  if (options.folder !== null) {
    await refuseMissing(options.folder);
  }
  if (!isLoopback(options.host) && options.publicUrl === null) {
    console.error(
      `warning: listening at ${options.host}: whoever reaches this machine there and has the address with its token can use Orthomask; the connection is not encrypted.`,
    );
  }
  const host = await createHost({
    ...userDirectories(),
    engine: engineLauncher(path.join(out, "engine/engine.mjs")),
    shell: noShell({ download: true }),
    allowedRoots: allowedRoots(options),
    initialFolder: options.folder,
    remoteFiles: options.remoteFiles,
    version: await packageVersion(),
  });
  const server = await serveApp({
    host,
    pageDirectory: path.join(out, "page"),
    listen: { host: options.host, port: options.port },
    publicUrl: options.publicUrl,
  });
  closeOnSignal(async () => {
    await server.close();
    await host.close();
  });
  console.log(options.json ? JSON.stringify({ url: server.url }) : `Orthomask is at ${server.url}`);
}

async function refuseMissing(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new Error(found === null ? `there is no folder ${folder}.` : `${folder} is no folder.`);
  }
}

function allowedRoots({ roots, folder }: ServerArguments): string[] {
  return [...(roots.length === 0 ? [homedir()] : roots), ...(folder === null ? [] : [folder])];
}

async function packageVersion(): Promise<string> {
  const text = await readFile(path.resolve(out, "../package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
