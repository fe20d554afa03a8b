import type { ExportOptions } from "#shared/project/export-options.ts";

/** What is to be exported. */
export interface ExportRequest {
  readonly projectId: string;
  /** Whose predictions; null for the labels. */
  readonly runId: string | null;
  readonly mosaicIds: readonly string[];
  readonly options: ExportOptions;
  /** Null: `exports/<run>` where the project keeps its own files. */
  readonly folderPath: string | null;
}
