/**
 * Text into HTML. Names and titles come from scenario files, which anyone may have written: nothing
 * of them may become markup or script.
 */

/** Text for an element's content or a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/**
 * A value as JSON for the content of a `<script>`, where no character reference is read and
 * `</script`, `<!--` would end or change it: with `<` written as an escape neither can come up.
 */
export const jsonForScript = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")

/**
 * JavaScript for the content of a `<script>`. `</script` and `<!--` are legal there in strings and
 * regular expressions only, and mean the same with the backslash.
 */
export const codeForScript = (code: string): string =>
  code
    .replace(/\r\n?/g, "\n")
    .replace(/<\/(script)/gi, "<\\/$1")
    .replaceAll("<!--", "<\\!--")
    // The maps are not shipped; a browser's developer tools would look for them on the network.
    .replace(/^\/\/# sourceMappingURL=.*$/gm, "")
