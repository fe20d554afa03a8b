import { rm } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ShellBridge } from "../host-options.ts";
import { makeFolder } from "../make-folder.ts";
import type { Project } from "../projects/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { gatherReport, type ReportRequest, type ReportSources } from "./gather-report.ts";
import type { ReportDocument } from "./report-document.ts";
import { renderReport } from "./render-report.ts";

export type { ReportRequest, ReportSources, ReportSubjectRequest } from "./gather-report.ts";

/** Writes the report of a run as one HTML file, and as a PDF where the name ends so and a shell can print; answers what it says. */
export async function writeReport(
  project: Project,
  request: ReportRequest,
  sources: ReportSources & { readonly shell: ShellBridge | null },
  output: {
    readonly filePath: string;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (share: number, detail: string) => void;
  },
): Promise<ReportDocument> {
  const isPdf = output.filePath.toLowerCase().endsWith(".pdf");
  const { shell } = sources;
  if (isPdf && shell?.capabilities.printToPdf !== true) {
    throw new RpcError(
      "unsupported",
      "A PDF is printed by the desktop app: write an .html report here, and print it from a browser.",
    );
  }
  const document = await gatherReport(project, request, sources, output);
  output.signal?.throwIfAborted();
  await makeFolder(path.dirname(output.filePath));
  if (!isPdf || shell === null) {
    await writeFileWhole(output.filePath, renderReport(document));
    return document;
  }
  const htmlPath = `${output.filePath}.unfinished.html`;
  try {
    await writeFileWhole(htmlPath, renderReport(document));
    await shell.printToPdf(htmlPath, output.filePath);
  } finally {
    await rm(htmlPath, { force: true });
  }
  return document;
}
