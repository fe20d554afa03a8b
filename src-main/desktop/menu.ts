import { Menu } from "electron";
import type { MenuItemConstructorOptions } from "electron";
import type { ShellCommand } from "#shared/contract.ts";
import type { RecentFolder } from "../host/host-options.ts";

export interface MenuActions {
  /** Carried out by the page. */
  readonly command: (command: ShellCommand) => void;
  readonly openRecent: (folderPath: string) => void;
}

/** Puts the application's menu in place; called again whenever the recent folders change. */
export function setApplicationMenu(actions: MenuActions, recentFolders: readonly RecentFolder[]): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(actions, recentFolders, process.platform)));
}

/** The menu as data. Keys the page handles itself too: it sees them first and then keeps them from the menu. */
export function menuTemplate(
  { command, openRecent }: MenuActions,
  recentFolders: readonly RecentFolder[],
  platform: NodeJS.Platform,
): MenuItemConstructorOptions[] {
  const item = (label: string, name: ShellCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: name,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => {
      command(name);
    },
  });
  const recent: MenuItemConstructorOptions[] = recentFolders.map(({ name, folderPath }) => ({
    // `&` marks a mnemonic.
    label: name.replaceAll("&", "&&"),
    toolTip: folderPath,
    click: () => {
      openRecent(folderPath);
    },
  }));
  const mac = platform === "darwin";
  return [
    ...(mac ? [{ role: "appMenu" } as const] : []),
    {
      label: "&File",
      submenu: [
        item("Open folder…", "open-folder", "CmdOrCtrl+O"),
        item("Open sample", "open-sample"),
        { label: "Open recent", enabled: recent.length > 0, submenu: recent },
        { type: "separator" },
        mac ? { role: "close" } : { role: "quit" },
      ],
    },
    { role: "editMenu" },
    {
      label: "&View",
      submenu: [
        item("Command palette…", "command-palette", "CmdOrCtrl+K"),
        item("Fit to window", "zoom-fit"),
        { type: "separator" },
        item("Side panel", "toggle-left", "CmdOrCtrl+B"),
        item("Drawer", "toggle-drawer", "CmdOrCtrl+J"),
        { type: "separator" },
        { role: "resetZoom", label: "Normal text size" },
        { role: "zoomIn", label: "Larger text" },
        { role: "zoomOut", label: "Smaller text" },
        { role: "togglefullscreen" },
        { type: "separator" },
        { role: "reload" },
        { role: "toggleDevTools" },
      ],
    },
    { role: "windowMenu" },
    {
      role: "help",
      submenu: [
        item("Guide", "guide", "F1"),
        item("Guided tour", "guided-tour"),
        item("Keyboard shortcuts", "show-shortcuts"),
        item("Copy diagnostics", "copy-diagnostics"),
        item("About Orthomask", "about"),
      ],
    },
  ];
}
