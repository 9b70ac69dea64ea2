import { fileURLToPath } from "node:url";
import { launch } from "../../launcher/launch.js";
import type { RankEvent } from "../events.js";
import type { RunEvent, Summary } from "../run/metrics.js";
import { checkRunFolder } from "../run/files.js";
import { specToVariables, type RunSpec } from "./run-spec.js";
