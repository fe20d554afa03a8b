import { writeFile } from "node:fs/promises";
import { BrowserWindow } from "electron";

/** Prints an HTML file that needs no script and nothing else to a PDF file, in a window that nobody sees. */
export async function printToPdf(htmlPath: string, pdfPath: string): Promise<void> {
  const window = new BrowserWindow({
    show: false,
    webPreferences: { javascript: false, sandbox: true, contextIsolation: true, partition: "report" },
  });
  try {
    await window.loadFile(htmlPath);
    const pdf = await window.webContents.printToPDF({
      printBackground: true,
      pageSize: "A4",
      preferCSSPageSize: true,
    });
    await writeFile(pdfPath, pdf);
  } finally {
    window.destroy();
  }
}
