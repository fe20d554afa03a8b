import { mount } from "svelte";
import App from "./App.svelte";
import { connectHost } from "./state/connect-host.ts";
import { Workspace } from "./state/workspace.svelte.ts";
import "./app.css";

const target = document.getElementById("app");
if (target === null) {
  throw new Error('index.html must have an element with the id "app".');
}
mount(App, { target, props: { workspace: new Workspace(connectHost(), window.localStorage) } });
