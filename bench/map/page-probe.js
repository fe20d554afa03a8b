// Runs in the page before anything of ours: tells software rendering apart from our own work, and when imagery is first seen.
(() => {
  const probe = { firstMap: null, firstPixels: null, glTotal: 0, glCalls: [], frames: [], longFrames: [] };
  globalThis.orthomaskProbe = probe;
  const contexts = new Set();
  for (const Context of [globalThis.WebGLRenderingContext, globalThis.WebGL2RenderingContext]) {
    if (Context === undefined) {
      continue;
    }
    for (const name of Object.getOwnPropertyNames(Context.prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(Context.prototype, name) ?? {};
      if (typeof value !== "function") {
        continue;
      }
      Context.prototype[name] = function (...given) {
        const start = performance.now();
        try {
          return value.apply(this, given);
        } finally {
          const spent = performance.now() - start;
          probe.glTotal += spent;
          if (spent >= 0.5) {
            probe.glCalls.push([start, spent]);
          }
          contexts.add(this);
        }
      };
    }
  }

  const sees = (gl) => {
    const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
    const pixels = new Uint8Array(width * 4);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    for (const share of [0.3, 0.5, 0.7]) {
      gl.readPixels(0, Math.floor(height * share), width, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
      if (pixels.some((value, index) => index % 4 === 3 && value > 200)) {
        return true;
      }
    }
    return false;
  };
  const request = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) =>
    request((time) => {
      const before = probe.glTotal;
      const start = performance.now();
      callback(time);
      const spent = performance.now() - start;
      probe.frames.push([start, spent, probe.glTotal - before]);
      if (probe.firstMap === null && globalThis.document.querySelector("[data-testid=map]") !== null) {
        probe.firstMap = performance.now();
      }
      if (probe.firstPixels === null && [...contexts].some(sees)) {
        probe.firstPixels = performance.now();
      }
    });
  new PerformanceObserver((list) => {
    for (const {
      startTime,
      duration,
      blockingDuration,
      renderStart,
      styleAndLayoutStart,
      scripts,
    } of list.getEntries()) {
      probe.longFrames.push({
        startTime,
        duration,
        blockingDuration,
        renderStart,
        styleAndLayoutStart,
        scripts: scripts.map((script) => ({
          start: script.executionStart,
          duration: script.duration,
          invoker: script.invoker,
          at: script.sourceFunctionName,
        })),
      });
    }
  }).observe({ type: "long-animation-frame", buffered: true });
})();
