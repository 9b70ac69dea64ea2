/** `require("apts/methods")` */
import fromModule = require("./from-module.cjs");

export = fromModule(() => require("../methods/index.js") as unknown);
