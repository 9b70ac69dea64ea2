/** What `load` requires of an ES module, which Node.js can since 20.19 and 22.12. */
function fromModule<Module>(load: () => Module): Module {
  try {
    return load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_REQUIRE_ESM") throw error;
    const message =
      `Expected Node.js 20.19, 22.12 or later for require("apts"), got ${process.version}, which cannot require an ES module. ` +
      'Use a later Node.js, or await import("apts"), which every version can.';
    throw new Error(message, { cause: error });
  }
}

export = fromModule;
