// Do with Tinify's client for Node.js what its users do; tests/e2e/test_tinify_clients.py reads on.
const fs = require("node:fs");
const path = require("node:path");
const tinify = require("tinify");

const { LEANPIX_URL, LEANPIX_KEY, LEANPIX_AUTHORITY, LEANPIX_SITE, LEANPIX_FOLDER } = process.env;
tinify.Client.API_ENDPOINT = LEANPIX_URL;
tinify.Client.CA_BUNDLE = [fs.readFileSync(LEANPIX_AUTHORITY, "utf8")];
const place = (name) => path.join(LEANPIX_FOLDER, name);

async function failure(work) {
  try {
    await work();
    return "none";
  } catch (error) {
    return `${error.constructor.name} ${error.status}`;
  }
}

async function main() {
  const told = {};
  tinify.key = LEANPIX_KEY;
  await tinify.validate();
  told.count_of_validate = tinify.compressionCount;
  const logo = fs.readFileSync(place("logo.png"));
  const source = tinify.fromFile(place("logo.png"));
  await source.toFile(place("file.png"));
  told.count_of_shrink = tinify.compressionCount;
  fs.writeFileSync(place("buffer.png"), await tinify.fromBuffer(logo).toBuffer());
  await tinify.fromUrl(`${LEANPIX_SITE}/logo.png`).toFile(place("url.png"));
  await source.resize({ method: "scale", width: 50 }).toFile(place("scale.png"));
  await source.resize({ method: "fit", width: 50, height: 20 }).toFile(place("fit.png"));
  await source.resize({ method: "cover", width: 30, height: 20 }).toFile(place("cover.png"));
  await source.resize({ method: "thumb", width: 20, height: 20 }).toFile(place("thumb.png"));
  await source.convert({ type: ["image/webp", "image/png"] }).toFile(place("convert.webp"));
  await source
    .convert({ type: "image/jpeg" })
    .transform({ background: "#ff0000" })
    .toFile(place("background.jpg"));
  const before = tinify.compressionCount;
  await source.preserve("copyright", "creation").toFile(place("preserve.png"));
  told.count_of_preserve = tinify.compressionCount - before;
  told.transparent_jpeg = await failure(() => source.convert({ type: "image/jpeg" }).toBuffer());
  told.broken = await failure(() => tinify.fromBuffer(logo.subarray(0, 200)).toBuffer());
  told.no_image = await failure(() => tinify.fromBuffer(Buffer.from("no image")).toBuffer());
  tinify.key = "wrong";
  told.wrong_key = await failure(() => tinify.fromBuffer(logo).toBuffer());
  console.log(JSON.stringify(told));
}

main();
