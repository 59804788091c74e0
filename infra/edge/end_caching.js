// CloudFront Function, viewer response: send a file from S3 with the headers that a function sends.
//
// S3 keeps the time at which a file expires as `Expires`; `max-age` counts the seconds until then,
// so that no cache holds a file longer than we do. CloudFront starts no such function for an
// answer of 400 or more.
//
// runtime: cloudfront-js-2.0

function handler(event) {
    const response = event.response;
    const headers = response.headers;
    if (!headers.expires || headers['cache-control']) return response;
    const seconds = Math.floor((Date.parse(headers.expires.value) - Date.now()) / 1000);
    headers['cache-control'] = { value: `public, max-age=${Math.max(0, seconds)}, immutable` };
    for (const name of Object.keys(headers)) {
        // Metadata of ours and of S3's; and by Last-Modified a client could ask for what we never
        // promised to compare.
        if (name.startsWith('x-amz-') || name === 'last-modified') delete headers[name];
    }
    return response;
}
