import type { EngineStatus } from "#shared/contract.ts";
import { connectContract } from "#shared/rpc/client.ts";
import type { Client } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { engineContract, type EngineContract } from "../../engine/port.ts";
import type { EngineExit, EngineLauncher, EngineProcess } from "../host-options.ts";

/** A running engine and the way to call it. */
interface RunningEngine {
  readonly process: EngineProcess;
  readonly client: Client<EngineContract>;
}

/** The one engine of a host: started on first use, and again after it has died. */
export class Engine {
  readonly #launcher: EngineLauncher;
  readonly #bindingPath: () => string | null;
  #running: Promise<RunningEngine> | null = null;
  /** Of the engine whose port was closed last: another one may run by then. */
  #lastExit: Promise<EngineExit> | null = null;

  /** `bindingPath`: the file of another build of TensorFlow than the app's own, where there is one. */
  constructor(launcher: EngineLauncher, bindingPath: () => string | null = () => null) {
    this.#launcher = launcher;
    this.#bindingPath = bindingPath;
  }

  /** The engine's methods; rejects when it can't be started. */
  async client(): Promise<Client<EngineContract>> {
    return (await this.#start()).client;
  }

  /** The running engine's process id; null while there is none. */
  async processId(): Promise<number | null> {
    return this.#running === null ? null : (await this.#running).process.pid;
  }

  /** What the engine runs on; starts it if need be. Never rejects. */
  async status(): Promise<EngineStatus> {
    try {
      const client = await this.client();
      return { kind: "ready", ...(await client.engine.info()) };
    } catch (error) {
      const { message } = await this.explained(error);
      return { kind: "unavailable", reason: message };
    }
  }

  /**
   * An error of a call to the engine as the user should read it: where the engine has died in mid-call, how and with which last words. All others come
   * back as they are.
   */
  async explained(error: unknown): Promise<Error> {
    if (error instanceof RpcError && error.code === "disconnected" && this.#lastExit !== null) {
      const exit = await this.#lastExit;
      return new RpcError(isOutOfMemory(exit) ? "out-of-memory" : "internal", exitSentence(exit), {
        cause: error,
      });
    }
    return error instanceof Error ? error : new Error(String(error));
  }

  /** Ends the engine at once. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running !== null) {
      const started = await running.catch(() => null);
      started?.process.kill();
      await started?.process.exited;
    }
  }

  #start(): Promise<RunningEngine> {
    this.#running ??= this.#launch();
    return this.#running;
  }

  async #launch(): Promise<RunningEngine> {
    try {
      const process = await this.#launcher.launch();
      const launched = this.#running;
      void process.exited.then(() => {
        if (this.#running === launched) {
          this.#running = null;
        }
      });
      // Its port is closed before its exit is known: whoever asks in between gets a new one.
      process.port.onClose(() => {
        this.#lastExit = process.exited;
        if (this.#running === launched) {
          this.#running = null;
        }
      });
      const client = connectContract(engineContract, process.port);
      const bindingPath = this.#bindingPath();
      if (bindingPath !== null) {
        await client.engine.useBinding({ bindingPath });
      }
      return { process, client };
    } catch (error) {
      this.#running = null;
      throw error;
    }
  }
}

/**
 * Whether an engine ended for lack of memory: an allocation that failed says so last; the system's own way is to kill, and says nothing; and
 * native code that doesn't look at what an allocation gave it ends in SIGSEGV. Whoever else ends an engine so can do with the advice to use less.
 */
function isOutOfMemory({ signal, outputTail }: EngineExit): boolean {
  return (
    signal === "SIGKILL" ||
    signal === "SIGSEGV" ||
    /bad_alloc|out of memory|cannot allocate memory|OOM when|std::system_error|Resource temporarily unavailable/i.test(
      outputTail,
    )
  );
}

function exitSentence({ code, signal, outputTail }: EngineExit): string {
  const lastLine = outputTail
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .at(-1);
  const how =
    signal === "SIGKILL"
      ? "it was killed (SIGKILL), by someone or by the system for lack of memory: a smaller batch, tile or width needs less"
      : signal === "SIGSEGV"
        ? "it was ended by SIGSEGV, as native code mostly is where memory runs out: a smaller batch, tile or width needs less"
        : signal !== null
          ? `it was ended by ${signal}`
          : `it ended with code ${code ?? "unknown"}`;
  return `The engine has stopped: ${how}.${lastLine === undefined || signal === "SIGKILL" ? "" : ` Its last words: ${lastLine}`}`;
}
