/** Origins as the configuration writes them. */

/** Any origin. */
export const anyOrigin = "*"

/** Whether a setting is an origin: scheme, host and port, nothing else. */
export const isOrigin = (text: string): boolean => {
  if (text === anyOrigin) return true
  try {
    return new URL(text).origin === text
  } catch {
    return false
  }
}
