// CloudFront Function, viewer request: name the object in S3 that a link to a file stands for.
//
// The origin that answers where S3 has no such object gets the same path, so the link itself
// travels in a header; the header is part of the cache's key too. A link that may have expired
// keeps its path: S3 has nothing there, and the function that knows the exact time answers.
//
// runtime: cloudfront-js-2.0. infra/front_door.py fills in the values between percent signs.

const RETENTION_SECONDS = %RETENTION_SECONDS%;
const PREFLIGHT_HEADERS = %PREFLIGHT_HEADERS%;
const LINK_HEADER = '%LINK_HEADER%';

const IMAGE = /^\/image\/([0-9a-f]{40})\/([^\/]+)$/;
const OPTIMIZED = /^\/direct-file\/optimized\/([0-9a-f]{40})-([^\/]+)$/;
const ORIGINAL = /^\/direct-file\/original\/([0-9a-f]{40})-[^\/]+$/;
// A single range of bytes; the functions ignore any other, as RFC 9110, 14.2, allows.
const RANGE = /^bytes=(\d{1,15}-\d{0,15}|-\d{1,15})$/;

function findObject(uri) {
    const result = IMAGE.exec(uri) || OPTIMIZED.exec(uri);
    // S3 reads a plus sign in a path as a space.
    if (result) return { id: result[1], path: `/results/${result[1]}/${result[2].replace(/\+/g, '%2B')}` };
    const original = ORIGINAL.exec(uri);
    if (original) return { id: original[1], path: `/uploads/${original[1]}` };
    return null;
}

function isKept(id) {
    // The eight first digits of an id are its time, in seconds.
    return Date.now() / 1000 < parseInt(id.slice(0, 8), 16) + RETENTION_SECONDS;
}

function handler(event) {
    const request = event.request;
    if (request.method === 'OPTIONS') {
        return { statusCode: 204, statusDescription: 'No Content', headers: PREFLIGHT_HEADERS };
    }
    request.headers[LINK_HEADER] = { value: request.uri };
    const range = request.headers.range;
    if (range && !RANGE.test(range.value)) delete request.headers.range;
    const found = findObject(request.uri);
    if (found && isKept(found.id)) request.uri = found.path;
    return request;
}
