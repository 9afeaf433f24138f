/**
 * Paths as people write them: a base URL with a slash too many gives `/v1//chat/completions` or
 * `/v1/models/`. They are taken for what is meant, before any route is looked for.
 */

/** Files of pages are asked for relative to the folder that they lie in, whose slash counts. */
const pages = /^\/(docs|dashboard)(\/|$)/

/** The same path without doubled slashes and without one at its end; the query as it is. */
export const plainUrl = (url: string): string => {
  const end = url.search(/[?#]/)
  const path = end === -1 ? url : url.slice(0, end)
  // An absolute URL, or nothing but slashes, is no path that anybody meant.
  if (!path.startsWith("/") || /^\/+$/.test(path)) return url
  if (!path.includes("//") && !path.endsWith("/")) return url
  const single = path.replace(/\/{2,}/g, "/")
  const plain = pages.test(single) ? single : single.replace(/\/$/, "")
  return end === -1 ? plain : plain + url.slice(end)
}
