import { mount } from "svelte";
import Root from "./Root.svelte";
import { connectHost } from "./state/connect-host.ts";
import { Workspace } from "./state/workspace.svelte.ts";
import "./app.css";

const target = document.getElementById("app");
if (target === null) {
  throw new Error('index.html must have an element with the id "app".');
}
mount(Root, { target, props: { workspace: new Workspace(connectHost(), window.localStorage) } });
