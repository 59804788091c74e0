/** Write the request for an image's options in the languages that people use. */

import { ROOT } from "./api.js";

export const LANGUAGES = [
  ["curl", "curl"],
  ["python", "Python"],
  ["node", "Node"],
  ["php", "PHP"],
  ["wordpress", "WordPress"],
];

/** Return the path and the fields of a request with these options. */
export function toRequest(options) {
  const fields = {};
  if (options.level !== "medium") fields.compression = options.level;
  if (options.format) fields.format = options.format;
  if (options.maxWidth) fields.max_width = String(options.maxWidth);
  if (options.maxHeight) fields.max_height = String(options.maxHeight);
  if (options.keepExif) fields.keep_exif = "1";
  // A conversion compresses only where it is asked to.
  if (options.format && !fields.compression) fields.compression = "medium";
  return { path: options.format ? "/v1/convert" : "/v1/optimize", fields };
}

const pairs = (fields, write) => Object.entries(fields).map(([name, value]) => write(name, value));

const WRITERS = {
  curl: (path, fields) => `# LEANPIX_KEY holds your API key. The answer has a process_id to poll with.
curl -X POST "${ROOT}${path}" \\
  -H "X-API-KEY: $LEANPIX_KEY" \\
  -F type=file -F file=@photo.jpg${pairs(fields, (name, value) => ` \\\n  -F ${name}=${value}`).join("")}

curl -X POST "${ROOT}/v1/optimize/$PROCESS_ID/result" -H "X-API-KEY: $LEANPIX_KEY"`,
  python: (path, fields) => `import os, requests

session = requests.Session()
session.headers["X-API-KEY"] = os.environ["LEANPIX_KEY"]
fields = {${["type", ...Object.keys(fields)].map((name) => `"${name}": "${name === "type" ? "file" : fields[name]}"`).join(", ")}}
with open("photo.jpg", "rb") as file:
    job = session.post("${ROOT}${path}", data=fields, files={"file": file}).json()

result = session.post(f"${ROOT}/v1/optimize/{job['process_id']}/result").json()
for image in result["result"]:
    print(image["saved_percent"], image["url"])`,
  node: (path, fields) => `import { openAsBlob } from "node:fs";

const headers = { "X-API-KEY": process.env.LEANPIX_KEY };
const body = new FormData();
body.set("type", "file");
${pairs(fields, (name, value) => `body.set("${name}", "${value}");\n`).join("")}body.set("file", await openAsBlob("photo.jpg"), "photo.jpg");

const job = await (await fetch("${ROOT}${path}", { method: "POST", headers, body })).json();
const url = \`${ROOT}/v1/optimize/\${job.process_id}/result\`;
const { result } = await (await fetch(url, { method: "POST", headers })).json();
console.log(result[0].saved_percent, result[0].url);`,
  php: (path, fields) => `<?php
function leanpix(string $path, array $fields): array {
    $curl = curl_init("${ROOT}$path");
    curl_setopt_array($curl, [
        CURLOPT_POSTFIELDS => $fields,
        CURLOPT_HTTPHEADER => ["X-API-KEY: " . getenv("LEANPIX_KEY")],
        CURLOPT_RETURNTRANSFER => true,
    ]);
    return json_decode(curl_exec($curl), true);
}

$job = leanpix("${path}", [
    "type" => "file",
    "file" => new CURLFile("photo.jpg"),
${pairs(fields, (name, value) => `    "${name}" => "${value}",\n`).join("")}]);
$answer = leanpix("/v1/optimize/{$job["process_id"]}/result", []);
echo $answer["result"][0]["url"];`,
  wordpress: (path, fields) => `// A must-use plugin: wp-content/mu-plugins/leanpix.php. Each upload is made smaller.
add_filter("wp_handle_upload", function (array $upload): array {
    $ask = fn(string $path, array $fields) => json_decode(wp_remote_retrieve_body(
        wp_remote_post("${ROOT}$path", [
            "headers" => ["X-API-KEY" => LEANPIX_KEY], // in wp-config.php
            "body" => $fields,
            "timeout" => 60,
        ])
    ), true);
    $job = $ask("${path}", [
        "type" => "url",
        "url" => $upload["url"],
${pairs(fields, (name, value) => `        "${name}" => "${value}",\n`).join("")}    ]);
    $image = $ask("/v1/optimize/{$job["process_id"]}/result", [])["result"][0] ?? null;
    if ($image["success"] ?? false) {
        copy($image["url"], $upload["file"]);
    }
    return $upload;
});`,
};

/** Return the code of a request. */
export function writeCode(language, options) {
  const { path, fields } = toRequest(options);
  return WRITERS[language](path, fields);
}
