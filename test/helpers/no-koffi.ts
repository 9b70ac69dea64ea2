/** A module hook under which koffi is not there. */
export const NO_KOFFI = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module";
  register("data:text/javascript," + encodeURIComponent(\`
    export async function resolve(specifier, context, next) {
      if (specifier === "koffi") throw new Error("no koffi");
      return next(specifier, context);
    }\`));`)}`;
