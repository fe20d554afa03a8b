import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";
import { describeFindings, doctorReport } from "./doctor.ts";

/** `orthomask doctor`: what was found on this machine, and what to do about what wasn't. */
export function registerDoctorCommand(program: Command, io: CliIo): void {
  program
    .command("doctor")
    .description("say what Orthomask found on this machine: TensorFlow, device, memory, Electron, browser")
    .action(async () => {
      const { learning } = await io.services();
      const findings = await doctorReport(() => learning.engineStatus());
      io.answer(findings, describeFindings);
      if (findings.some(({ required, remedy }) => required && remedy !== null)) {
        throw new Error("something that Orthomask needs is missing; see above.");
      }
    });
}
