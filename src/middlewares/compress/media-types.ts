/** `type/subtype` of a Content-Type, in lower case. */
export function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase()
}

/** What is wrong with a media type from the configuration, or undefined. */
export function mediaTypeComplaint(text: string): string | undefined {
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(mediaType(text))
    ? undefined
    : `\`${text}\` is no media type such as \`text/html\``
}

/** Compressed as they are: again would cost time and make them larger. */
const DENSE = /^(?:image\/(?!svg|bmp|x-icon|vnd\.microsoft\.icon)|audio\/|video\/|font\/woff2?$)/
const DENSE_APPLICATIONS =
  /^application\/(?:zip|gzip|x-gzip|x-bzip2?|x-xz|zstd|x-7z-compressed|x-rar-compressed|vnd\.rar|java-archive)$/

/** Whether answers of a media type gain by being compressed, when nobody has said so. */
export function gains(type: string): boolean {
  return !DENSE.test(type) && !DENSE_APPLICATIONS.test(type)
}
