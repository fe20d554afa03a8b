// Runs in the page before anything of ours: keeps the durations that the page notes of its own work.
(() => {
  const measures = [];
  globalThis.orthomaskMeasures = measures;
  new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries()) {
      if (name.startsWith("orthomask:")) {
        measures.push({ name: name.slice(10), startTime, duration });
      }
    }
  }).observe({ type: "measure", buffered: true });
  // From a press to the frame that was presented after it, in steps of 8 ms, by the browser itself.
  new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries()) {
      if (name === "pointerdown" || name === "pointerup") {
        measures.push({ name, startTime, duration });
      }
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
})();
