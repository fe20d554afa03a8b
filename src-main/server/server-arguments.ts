import path from "node:path";
import { parseArgs } from "node:util";
import type { HostOptions } from "../host/host-options.ts";

/** What `serve` was asked for, paths absolute. */
export interface ServerArguments {
  /** The folder to open; null leaves it to the host. */
  readonly folder: string | null;
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen at. */
  readonly host: string;
  /** Where a proxy makes the server known; null without one. */
  readonly publicUrl: URL | null;
  /** Folders that the folder picker may browse besides `folder`; empty when none was named. */
  readonly roots: readonly string[];
  /** On which other servers mosaics (`.url` files) are opened: a folder from elsewhere could have this machine ask addresses that only it reaches. */
  readonly remoteFiles: NonNullable<HostOptions["remoteFiles"]>;
  /** Print one JSON document instead of a sentence. */
  readonly json: boolean;
  readonly help: boolean;
}

export const SERVER_USAGE = `Usage: orthomask serve [DIR] [options]

Serves Orthomask to a browser and prints its address.

  --port N     port to listen at (default: a free one)
  --host ADDR  address to listen at (default: 127.0.0.1, this machine only)
  --public-url URL  the address by which a proxy with TLS makes it known, as https://masks.example.org
  --root DIR   folder the folder picker may browse; can be repeated (default: your home folder)
  --allow-remote  open mosaics on public servers, as .url files in the folder name them
  --allow-remote-private  the same, also on private and link-local addresses and on this machine
  --json       print {"url": …} instead of a sentence
  --help       show this text`;

/** The arguments can't be understood; the message is a sentence for the user. */
export class ServerUsageError extends Error {
  override readonly name = "ServerUsageError";
}

/** Reads the arguments after `serve`. Throws `ServerUsageError`. */
export function parseServerArguments(argv: readonly string[], workingDirectory: string): ServerArguments {
  const { values, positionals } = parseWords(argv);
  if (positionals.length > 1) {
    throw new ServerUsageError(
      `serve opens one folder, but got ${positionals.length}: ${positionals.join(", ")}.`,
    );
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535) {
    throw new ServerUsageError(`--port wants a number from 0 to 65535, but got "${values.port}".`);
  }
  if (values.host === "") {
    throw new ServerUsageError("--host wants an address, 127.0.0.1 for this machine only.");
  }
  const [folder] = positionals;
  return {
    folder: folder === undefined ? null : path.resolve(workingDirectory, folder),
    port,
    host: values.host,
    publicUrl: values["public-url"] === undefined ? null : parsePublicUrl(values["public-url"]),
    roots: values.root.map((root) => path.resolve(workingDirectory, root)),
    remoteFiles: values["allow-remote-private"] ? "any" : values["allow-remote"] ? "public" : "none",
    json: values.json,
    help: values.help,
  };
}

function parsePublicUrl(text: string): URL {
  let url: URL | null = null;
  try {
    url = new URL(text);
  } catch {
    // Said below.
  }
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new ServerUsageError(
      `--public-url wants an address without a path, such as https://masks.example.org, but got "${text}".`,
    );
  }
  return url;
}

function parseWords(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      strict: true,
      options: {
        port: { type: "string", default: "0" },
        host: { type: "string", default: "127.0.0.1" },
        "public-url": { type: "string" },
        root: { type: "string", multiple: true, default: [] },
        "allow-remote": { type: "boolean", default: false },
        "allow-remote-private": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new ServerUsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
