// Runs in the page first: notes how long it takes from a press on one element until another one is drawn, as a performance entry.
globalThis.orthomaskTimePress = (pressed, shown) => {
  const name = `bench:${pressed}`;
  performance.clearMeasures(name);
  globalThis.document.querySelector(pressed)?.addEventListener(
    "click",
    (event) => {
      const look = () => {
        if (globalThis.document.querySelector(shown) === null) {
          globalThis.requestAnimationFrame(look);
          return;
        }
        // The frame that shows it has been made when the task after it begins.
        globalThis.requestAnimationFrame(() => {
          setTimeout(() => performance.measure(name, { start: event.timeStamp, end: performance.now() }));
        });
      };
      look();
    },
    { once: true, capture: true },
  );
};
