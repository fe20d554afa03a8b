import { Command, CommanderError } from "commander";
import { toHostError } from "../host/host-error.ts";
import type { HostOptions } from "../host/host-options.ts";
import type { CliIo } from "./cli-io.ts";
import { UsageError } from "./cli-io.ts";
import { TerminalIo } from "./terminal-io.ts";
import type { TextOutput } from "./terminal-io.ts";

/** The exit codes that other programs rely on. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Adds one command to the program. */
export type RegisterCommand = (program: Command, io: CliIo) => void;

export interface ProgramOptions {
  readonly version: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly signal: AbortSignal;
  readonly hostOptions: () => HostOptions;
}

/** Runs the program with the words after its name and says how it is to exit. Never rejects. */
export async function runProgram(
  words: readonly string[],
  commands: readonly RegisterCommand[],
  options: ProgramOptions,
): Promise<number> {
  const program = new Command("orthomask");
  const io = new TerminalIo({
    ...options,
    flags: () => {
      const { json, verbose } = program.opts<{ json?: boolean; verbose?: boolean }>();
      return { json: json ?? false, verbose: verbose ?? false };
    },
  });
  program
    .description(
      "Trains segmentation networks on aerial and satellite mosaics, and writes masks that any GIS opens.",
    )
    .version(options.version)
    .option("--json", "print one JSON document on stdout and nothing else there")
    .option("--verbose", "show where an error came from")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => options.stdout.write(text),
      writeErr: (text) => options.stderr.write(text),
    })
    .exitOverride()
    .helpCommand(false);
  for (const register of commands) {
    register(program, io);
  }
  try {
    await program.parseAsync(words, { from: "user" });
    return options.signal.aborted ? exitCodes.interrupted : Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    return report(error, io, options);
  } finally {
    await io.close().catch((error: unknown) => {
      io.warn(`ending took a wrong turn: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}

function report(error: unknown, io: TerminalIo, { signal }: ProgramOptions): number {
  if (error instanceof CommanderError) {
    // Commander has printed it; `--help` and `--version` end this way too.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  if (error instanceof UsageError) {
    io.note(`error: ${error.message}`);
    return exitCodes.usage;
  }
  if (signal.aborted) {
    io.note("interrupted");
    return exitCodes.interrupted;
  }
  const { message, cause } = toHostError(error);
  io.note(`error: ${message.replaceAll(/\s*\n\s*/g, " ")}`);
  if (io.verbose) {
    for (const thrown of [error, cause]) {
      if (thrown instanceof Error) {
        io.note(thrown.stack ?? thrown.message);
      }
    }
  }
  return exitCodes.failed;
}
