import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";
import { describeFindings, doctorReport } from "./doctor.ts";

interface DoctorOptions {
  readonly installGpu?: boolean;
  readonly removeGpu?: boolean;
  readonly diagnostics?: boolean;
}

/** `orthomask doctor`: what was found on this machine, and what to do about what wasn't. */
export function registerDoctorCommand(program: Command, io: CliIo): void {
  program
    .command("doctor")
    .description("say what Orthomask found on this machine: TensorFlow, device, memory, Electron, browser")
    .option(
      "--install-gpu",
      "fetch TensorFlow's CUDA build and NVIDIA's libraries (3 GB) into your data folder first",
    )
    .option("--remove-gpu", "take them off the disk again")
    .option("--diagnostics", "print versions, machine and the last events of the log, without names or paths")
    .action(async (options: DoctorOptions) => {
      const { learning, gpuAddOn, diagnostics } = await io.services();
      if (options.diagnostics === true) {
        const text = await diagnostics.describe(await learning.engineStatus());
        io.answer({ text }, () => text.trimEnd());
        return;
      }
      if (options.removeGpu === true) {
        await gpuAddOn.remove();
      }
      if (options.installGpu === true) {
        const progress = io.progress("GPU add-on");
        try {
          await gpuAddOn.install({
            signal: io.signal,
            onProgress: (share, detail) => {
              progress.update({ progress: share, detail });
            },
          });
        } finally {
          progress.end();
        }
      }
      const findings = await doctorReport(() => learning.engineStatus());
      io.answer(findings, describeFindings);
      if (findings.some(({ required, remedy }) => required && remedy !== null)) {
        throw new Error("something that Orthomask needs is missing; see above.");
      }
    });
}
