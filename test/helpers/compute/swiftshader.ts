import { existsSync } from "node:fs";

/** Chromium's software driver for Vulkan (Debian: chromium, libvulkan1). */
export const SWIFTSHADER = "/usr/lib/chromium/libvk_swiftshader.so";
/** What tells Vulkan's loader of it. */
export const SWIFTSHADER_DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";
export const hasSwiftShader = existsSync(SWIFTSHADER_DRIVER);
