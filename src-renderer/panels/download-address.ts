/** Where a browser gets a file that the host has granted. */
export function downloadAddress(downloadId: string): string {
  return `/download/${encodeURIComponent(downloadId)}`;
}

/** Has the browser fetch a granted file, as a press on its link would. */
export function startDownload(downloadId: string, fileName: string): void {
  const link = document.createElement("a");
  link.href = downloadAddress(downloadId);
  link.download = fileName;
  link.click();
}
