/** `require("apts")`: the very module that `import` gives. */
import fromModule = require("./from-module.cjs");

export = fromModule(() => require("../index.js") as unknown);
