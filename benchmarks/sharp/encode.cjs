// Encodes images with sharp, one task a line: JSON in, JSON out.
//
//     node encode.cjs FOLDER
//
// FOLDER holds node_modules. A task has source, out, format and options; the answer has bytes, the
// CPU seconds of all threads and the peak memory of this process so far. The first task of a
// process is done once on a small image before, so that what is measured is not the loading of a
// library.

"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

const sharp = createRequire(path.resolve(process.argv[2], "package.json"))("sharp");
sharp.cache(false);
const warm = new Set();

function encode(input, task) {
  const image = sharp(input, { animated: task.animated === true, limitInputPixels: false });
  return image.autoOrient()[task.format](task.options).toBuffer();
}

async function warmUp(task) {
  if (warm.has(task.format)) {
    return;
  }
  warm.add(task.format);
  const blank = { width: 64, height: 64, channels: 3, background: "#808080" };
  const input = await sharp({ create: blank }).png().toBuffer();
  await encode(input, task);
}

function peakKilobytes() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

async function work(task) {
  try {
    await warmUp(task);
    const input = fs.readFileSync(task.source);
    const before = process.cpuUsage();
    const output = await encode(input, task);
    const used = process.cpuUsage(before);
    fs.writeFileSync(task.out, output);
    return {
      bytes: output.length,
      cpu_seconds: (used.user + used.system) / 1e6,
      peak_kilobytes: peakKilobytes(),
    };
  } catch (error) {
    return { failed: String(error.message).slice(0, 200) };
  }
}

async function main() {
  console.log(JSON.stringify({ sharp: sharp.versions.sharp, vips: sharp.versions.vips }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await work(JSON.parse(line))));
  }
}

main();
